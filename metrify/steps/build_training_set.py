"""Builds the training set by point-in-time retrieval from the feature store."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from metrify.adapters.feature_store import retrieve_windows
from metrify.config import Home, MetrifyConfig
from metrify.errors import DatasetError, FeatureStoreError
from metrify.features.batch import FeatureContext
from metrify.features.windows import cut_rows, local_midnights
from metrify.readings.dataset import fingerprint
from metrify.readings.matrix import ReadingsMatrix
from metrify.readings.splits import SIDES, split_meters_by_group, split_time
from metrify.readings.static_values import require_classes, static_values
from metrify.steps.accepted_readings import load_accepted_readings
from metrify.steps.impute_inputs import impute_inputs
from metrify.steps.reuse import NETWORK_PARAMETERS, SERVING_SECTIONS, reusable
from metrify.steps.training_set import TrainingSet, create_arrays, write_training_set
from metrify.steps.training_weather import open_weather, write_weather

_ROWS_AT_ONCE = 20_000  # 54 MB of windows of 672 intervals


@dataclass(frozen=True)
class _Rows:
    """`[N]` rows: meters by their row in the matrix, origins by their number and their column, and sides."""

    meters: np.ndarray
    origins: np.ndarray
    columns: np.ndarray
    sides: np.ndarray


@reusable(outputs=("output",), ignores=(*SERVING_SECTIONS, *NETWORK_PARAMETERS))
def build_training_set(
    dataset: Path, verdicts: Path, output: Path, config: MetrifyConfig, home: Home | None = None
) -> dict[str, float]:
    """Pairs windows from the feature store with what followed them.

    A row is a meter and a local midnight. Its meter and its time lie on the same side of both splits, its window and
    its target are complete, and the window is the one that was known at the origin. A window may hold imputed readings
    where the configuration asks for it, and each row tells their share; a target never does. Training rows beyond
    `max_training_windows` are left out by a seeded draw. The rows are written a part at a time, in bounded memory.

    With `include_weather`, a row also has the weather of its meter's station as it was known at the origin: observed
    in the window, and forecast for the horizon by the newest forecasts that were issued by then. What nobody knew is
    missing, and no row is left out for it. With `static_columns`, it has what the meters' table says of its meter.

    Args:
        dataset: Dataset folder.
        verdicts: Folder of `validate_readings`.
        output: Training set folder to write.
        config: Splits, sizes, seed, static columns, whether gaps are imputed, and whether the weather is read.
        home: Where the feature store lies.

    Returns:
        How many rows each side has, how many of them hold an imputed reading, how many were left out as incomplete, and
        with the weather how many lack some forecast.

    Raises:
        DatasetError: A side has no complete row, the weather is asked for and the dataset lacks it or its forecasts, or
            a static column is lacking or tells no classes of meters.
        FeatureStoreError: A window is missing or stale, or was cut from other readings than these.
    """
    home = home or Home.from_environment()
    model = config.training.consumption_forecasting
    info, meters, measured = load_accepted_readings(dataset, verdicts)
    source = open_weather(dataset, info, meters) if config.feature_engineering.include_weather else None
    static = static_values(info.name, meters, config.feature_engineering.static_columns, measured.meter_ids)
    require_classes(info.name, static)
    inputs, imputed = impute_inputs(measured, info.timezone, config)
    step = pd.Timedelta(minutes=info.resolution_minutes)
    lookback, horizon = config.feature_engineering.lookback_window, model.forecast_horizon
    end = measured.timestamps[-1] + step
    origins = local_midnights(measured.start + lookback * step, end - horizon * step, info.timezone)
    columns = ((origins - measured.start) // step).to_numpy()
    meter_side = split_meters_by_group(meters, config.splits).to_numpy()
    time_side = split_time(measured.start, end, config.splits).side_of(pd.Series(origins))
    on_one_side = meter_side[:, None] == time_side[None, :]
    gaps_before, gaps_after = (
        _missing(inputs, columns - lookback, columns),
        _missing(measured, columns, columns + horizon),
    )
    complete = on_one_side & (gaps_before == 0) & (gaps_after == 0)
    rows = _choose(complete, columns, time_side, model.max_training_windows, model.seed, lookback)
    imputed_shares = _count(imputed, columns - lookback, columns)[rows.meters, rows.origins] / lookback

    context = FeatureContext(model.sequence_length, horizon, info.resolution_minutes, info.timezone, info.country)
    row_origins = origins[rows.origins].tz_localize(None).to_numpy().astype("datetime64[s]")
    arrays = create_arrays(output, len(rows.meters), lookback, horizon)
    for first in range(0, len(rows.meters), _ROWS_AT_ONCE):
        part = slice(first, first + _ROWS_AT_ONCE)
        meter, column = rows.meters[part], rows.columns[part]
        asked = pd.DataFrame({"meter_id": measured.meter_ids[meter], "origin": origins[rows.origins[part]]})
        arrays.windows[part] = _retrieve_windows(home, asked, cut_rows(inputs, meter, column - lookback, lookback))
        arrays.targets[part] = cut_rows(measured, meter, column, horizon)
    row_meters = measured.meter_ids[rows.meters]
    weather = write_weather(source, output, row_meters, row_origins, rows.sides, context) if source else None
    write_training_set(
        TrainingSet(
            meter_ids=row_meters,
            origins=row_origins,
            sides=rows.sides,
            windows=arrays.windows,
            targets=arrays.targets,
            imputed_shares=imputed_shares,
            context=context,
            dataset_name=info.name,
            dataset_fingerprint=fingerprint(dataset),
            non_negative=not (inputs.kwh < 0).any(),
            weather=weather,
            static={column: values[rows.meters] for column, values in static.items()},
        ),
        output,
    )
    counts = {f"{side}_rows": float((rows.sides == side).sum()) for side in SIDES}
    if weather is not None:
        counts["rows_without_some_forecast"] = float(np.isnat(weather.issued_at).any(axis=1).sum())
    return counts | {
        "imputed_rows": float((imputed_shares > 0).sum()),
        "incomplete_rows": float((on_one_side & ~complete).sum()),
    }


def _missing(matrix: ReadingsMatrix, begins: np.ndarray, ends: np.ndarray) -> np.ndarray:
    return _count(np.isnan(matrix.kwh), begins, ends)


def _count(mask: np.ndarray, begins: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """How many intervals from each begin to each end are marked, `[M, O]`."""
    before = np.pad(np.cumsum(mask, axis=1, dtype=np.int32), ((0, 0), (1, 0)))
    return before[:, ends] - before[:, begins]


def _choose(
    complete: np.ndarray, columns: np.ndarray, time_side: np.ndarray, max_training_rows: int, seed: int, lookback: int
) -> _Rows:
    meters, origins = np.nonzero(complete)
    sides = time_side[origins]
    missing = [side for side in SIDES if side not in sides]
    if missing:
        raise DatasetError(
            f"No complete row is left to {' and '.join(missing)}.",
            f"Bring a dataset of more than {lookback} intervals and three profiles, or change the splits section.",
        )
    train = np.flatnonzero(sides == "train")
    if len(train) > max_training_rows:
        train = np.random.default_rng(seed).choice(train, max_training_rows, replace=False)
    kept = np.sort(np.concatenate([train, np.flatnonzero(sides != "train")]))
    return _Rows(meters[kept], origins[kept], columns[origins[kept]], sides[kept])


def _retrieve_windows(home: Home, rows: pd.DataFrame, expected: np.ndarray) -> np.ndarray:
    """The windows of rows from the store, `[N, lookback]` float32, which are those of this run's readings."""
    stored = retrieve_windows(home, rows)["load_window"]
    # The store is shared: since this run filled it, a backfill or another run may have changed it.
    fits = (stored.map(len) == expected.shape[1]).all()
    if not (fits and np.array_equal(np.stack(stored.to_list()), expected)):
        raise FeatureStoreError("The feature store was changed by another run.", "Run again.")
    return expected
