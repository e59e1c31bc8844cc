"""Fills the feature store with the windows of a dataset."""

from pathlib import Path

import numpy as np
import pandas as pd

from metrify.adapters import feature_store
from metrify.config import Home, MetrifyConfig
from metrify.errors import DatasetError
from metrify.features.windows import cut_windows, local_midnights
from metrify.steps.accepted_readings import load_accepted_readings
from metrify.steps.reuse import NETWORK_PARAMETERS, SERVING_SECTIONS, reusable

HOLD_OUT_DAYS = 21  # of the newest readings, which a replay pushes later
_METERS_PER_TABLE = 50


@reusable(outputs=("output",), ignores=(*SERVING_SECTIONS, *NETWORK_PARAMETERS), fills=lambda home: home.feature_store)
def materialise_features(
    dataset: Path, verdicts: Path, output: Path, config: MetrifyConfig, home: Home | None = None
) -> dict[str, float]:
    """Writes a window for each accepted meter and local midnight, and the newest ones into the online store.

    The online store stops `HOLD_OUT_DAYS` before the end of the dataset, so that what follows can be replayed.

    Args:
        dataset: Dataset folder.
        verdicts: File of `validate_readings`.
        output: File to write: the end of the online windows, RFC 3339.
        config: Length of the windows.
        home: Where the store lies.

    Returns:
        How many windows are stored offline and online.

    Raises:
        DatasetError: The readings are too short.
    """
    home = home or Home.from_environment()
    info, _, matrix = load_accepted_readings(dataset, verdicts)
    length = config.feature_engineering.lookback_window
    step = pd.Timedelta(minutes=info.resolution_minutes)
    end = matrix.timestamps[-1] + step
    origins = local_midnights(matrix.start + length * step, end, info.timezone)
    if len(origins) <= HOLD_OUT_DAYS:
        raise DatasetError(
            f"The readings cover {matrix.kwh.shape[1]} intervals.",
            f"Windows of {length} intervals and {HOLD_OUT_DAYS} days to replay need more; bring a longer dataset.",
        )
    tables = []
    for first in range(0, len(matrix.meter_ids), _METERS_PER_TABLE):
        meters = slice(first, first + _METERS_PER_TABLE)
        part = type(matrix)(matrix.meter_ids[meters], matrix.start, matrix.resolution_minutes, matrix.kwh[meters])
        windows = cut_windows(part, origins, length).reshape(-1, length)
        ids = np.repeat(part.meter_ids, len(origins))
        ends = pd.DatetimeIndex(np.tile(origins.tz_localize(None).to_numpy(), len(part.meter_ids)), tz="UTC")
        tables.append(feature_store.windows_table(ids, ends, windows))
    feature_store.write_offline_windows(home, tables)
    feature_store.apply_repository(home)
    until = origins[-1 - HOLD_OUT_DAYS]
    feature_store.materialise_online(home, until)
    output.write_text(until.isoformat(), encoding="utf-8")
    return {"offline_windows": len(matrix.meter_ids) * len(origins), "online_windows": len(matrix.meter_ids)}
