"""Computes the features of every meter at every interval, for models that learn from tables."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from metrify.config import Home, MetrifyConfig
from metrify.features.batch import FeatureContext
from metrify.features.panel import PanelFunction, compute_panel
from metrify.features.specification import Feature, select_features
from metrify.readings.matrix import ReadingsMatrix
from metrify.readings.shards import Shard
from metrify.steps.accepted_readings import load_accepted_readings
from metrify.steps.impute_inputs import impute_inputs
from metrify.steps.reuse import NETWORK_PARAMETERS, SERVING_SECTIONS, reusable

_METERS_PER_GROUP = 20


@reusable(outputs=("output",), ignores=(*SERVING_SECTIONS, *NETWORK_PARAMETERS))
def compute_feature_table(
    dataset: Path, verdicts: Path, output: Path, config: MetrifyConfig, shard: str = "0/1", home: Home | None = None
) -> dict[str, float]:
    """Writes the scalar features of the accepted meters of a shard.

    With `quality.imputation`, short gaps are filled before, as in the windows that are served.

    Args:
        dataset: Dataset folder.
        verdicts: Folder of `validate_readings`.
        output: Parquet file to write: `meter_id`, `origin` (UTC, start of an interval) and a column a feature, float32;
            sorted by meter and origin.
        config: Which features, and the length of a window.
        shard: Which meters, such as `0/4`; see `metrify.readings.shards`.
        home: Where results of earlier runs are kept.

    Returns:
        How many meters and rows there are, and how many readings were imputed.

    Raises:
        ConfigError: The shard is none, or a feature does not fit the readings.
    """
    info, _, measured = load_accepted_readings(dataset, verdicts)
    matrix, imputed = impute_inputs(measured, info.timezone, config)
    features = table_features(config)
    context = FeatureContext(
        config.feature_engineering.lookback_window,
        config.training.consumption_forecasting.forecast_horizon,
        info.resolution_minutes,
        info.timezone,
        info.country,
    )
    held = np.flatnonzero(Shard.parse(shard).holds(matrix.meter_ids))
    with pq.ParquetWriter(output, _schema(features), compression="zstd", compression_level=1) as writer:
        for first in range(0, len(held), _METERS_PER_GROUP):
            rows = held[first : first + _METERS_PER_GROUP]
            part = ReadingsMatrix(matrix.meter_ids[rows], matrix.start, matrix.resolution_minutes, matrix.kwh[rows])
            writer.write_table(_table(part, features, context))
    return {"meters": len(held), "rows": len(held) * matrix.kwh.shape[1], "imputed_readings": int(imputed[held].sum())}


def table_features(config: MetrifyConfig) -> tuple[Feature, ...]:
    """The features that give one number to a meter and an origin."""
    chosen = select_features(config.feature_engineering.include_time_features, include_load_statistics=True)
    return tuple(feature for feature in chosen if isinstance(feature.function, PanelFunction))


def _schema(features: tuple[Feature, ...]) -> pa.Schema:
    columns = [("meter_id", pa.string()), ("origin", pa.timestamp("us", "UTC"))]
    return pa.schema(columns + [(feature.name, pa.float32()) for feature in features])


def _table(matrix: ReadingsMatrix, features: tuple[Feature, ...], context: FeatureContext) -> pa.Table:
    meters, intervals = matrix.kwh.shape
    panel = compute_panel(features, matrix, context, 0, intervals - 1)
    origins = pd.DatetimeIndex(matrix.timestamps).as_unit("us").tz_localize(None).to_numpy()
    columns = [
        pa.array(np.repeat(matrix.meter_ids, intervals), pa.string()),
        pa.array(np.tile(origins, meters)).cast(pa.timestamp("us", "UTC")),
        *(pa.array(panel[feature.name].ravel()) for feature in features),
    ]
    return pa.table(columns, schema=_schema(features))
