"""Builds the training set by point-in-time retrieval from the feature store."""

from pathlib import Path

import numpy as np
import pandas as pd

from metrify.adapters.feature_store import retrieve_windows
from metrify.config import Home, MetrifyConfig
from metrify.errors import DatasetError, FeatureStoreError
from metrify.features.batch import FeatureContext
from metrify.features.windows import cut_targets, cut_windows, local_midnights
from metrify.readings.dataset import fingerprint
from metrify.readings.splits import SIDES, split_meters_by_group, split_time
from metrify.steps.accepted_readings import load_accepted_readings
from metrify.steps.impute_inputs import impute_inputs
from metrify.steps.reuse import NETWORK_PARAMETERS, SERVING_SECTIONS, reusable
from metrify.steps.training_set import TrainingSet, write_training_set


@reusable(outputs=("output",), ignores=(*SERVING_SECTIONS, *NETWORK_PARAMETERS))
def build_training_set(
    dataset: Path, verdicts: Path, output: Path, config: MetrifyConfig, home: Home | None = None
) -> dict[str, float]:
    """Pairs windows from the feature store with what followed them.

    A row is a meter and a local midnight. Its meter and its time lie on the same side of both splits, its window and
    its target are complete, and the window is the one that was known at the origin. A window may hold imputed readings
    where the configuration asks for it, and each row tells their share; a target never does. Training rows beyond
    `max_training_windows` are left out by a seeded draw.

    Args:
        dataset: Dataset folder.
        verdicts: Folder of `validate_readings`.
        output: Training set folder to write.
        config: Splits, sizes, seed, and whether gaps of windows are imputed.
        home: Where the feature store lies.

    Returns:
        How many rows each side has, how many of them hold an imputed reading, and how many were left out as incomplete.

    Raises:
        DatasetError: A side has no complete row.
        FeatureStoreError: A window is missing or stale, or was cut from other readings than these.
    """
    home = home or Home.from_environment()
    model = config.training.consumption_forecasting
    info, meters, matrix = load_accepted_readings(dataset, verdicts)
    inputs, imputed = impute_inputs(matrix, info.timezone, config)
    step = pd.Timedelta(minutes=info.resolution_minutes)
    lookback = config.feature_engineering.lookback_window
    end = matrix.timestamps[-1] + step
    origins = local_midnights(matrix.start + lookback * step, end - model.forecast_horizon * step, info.timezone)
    targets = cut_targets(matrix, origins, model.forecast_horizon)
    expected = cut_windows(inputs, origins, lookback)
    complete = np.isfinite(targets).all(axis=2) & np.isfinite(expected).all(axis=2)
    imputed_shares = _imputed_shares(imputed, ((origins - matrix.start) // step).to_numpy(), lookback)

    meter_side = split_meters_by_group(meters, config.splits).to_numpy()
    time_side = split_time(matrix.start, end, config.splits).side_of(pd.Series(origins))
    on_one_side = meter_side[:, None] == time_side[None, :]
    meter_rows, origin_rows = np.nonzero(complete & on_one_side)
    sides = time_side[origin_rows]
    missing = [side for side in SIDES if side not in sides]
    if missing:
        raise DatasetError(
            f"No complete row is left to {' and '.join(missing)}.",
            f"Bring a dataset of more than {lookback} intervals and three profiles, or change the splits section.",
        )
    kept = _keep(sides, model.max_training_windows, model.seed)
    meter_rows, origin_rows, sides = meter_rows[kept], origin_rows[kept], sides[kept]
    rows = pd.DataFrame({"meter_id": matrix.meter_ids[meter_rows], "origin": origins[origin_rows]})
    windows = _retrieve_windows(home, rows, expected[meter_rows, origin_rows])
    training_set = TrainingSet(
        meter_ids=rows["meter_id"].to_numpy(object),
        origins=origins[origin_rows].tz_localize(None).to_numpy().astype("datetime64[s]"),
        sides=sides,
        windows=windows,
        targets=targets[meter_rows, origin_rows],
        imputed_shares=imputed_shares[meter_rows, origin_rows],
        context=FeatureContext(
            model.sequence_length, model.forecast_horizon, info.resolution_minutes, info.timezone, info.country
        ),
        dataset_name=info.name,
        dataset_fingerprint=fingerprint(dataset),
    )
    write_training_set(training_set, output)
    counts = {f"{side}_rows": float((sides == side).sum()) for side in SIDES}
    return counts | {
        "imputed_rows": float((training_set.imputed_shares > 0).sum()),
        "incomplete_rows": float((on_one_side & ~complete).sum()),
    }


def _retrieve_windows(home: Home, rows: pd.DataFrame, expected: np.ndarray) -> np.ndarray:
    """The windows of rows from the store, `[N, lookback]` float32, which are those of this run's readings."""
    stored = retrieve_windows(home, rows)["load_window"]
    # The store is shared: since this run filled it, a backfill or another run may have changed it.
    fits = (stored.map(len) == expected.shape[1]).all()
    if not (fits and np.array_equal(np.stack(stored.to_list()), expected)):
        raise FeatureStoreError("The feature store was changed by another run.", "Run again.")
    return expected


def _imputed_shares(imputed: np.ndarray, columns: np.ndarray, lookback: int) -> np.ndarray:
    """The share of imputed readings in the windows that end before each of `[O]` columns, `[M, O]`."""
    before = np.pad(np.cumsum(imputed, axis=1, dtype=np.int32), ((0, 0), (1, 0)))
    return (before[:, columns] - before[:, columns - lookback]) / lookback


def _keep(sides: np.ndarray, max_training_rows: int, seed: int) -> np.ndarray:
    train = np.flatnonzero(sides == "train")
    if len(train) > max_training_rows:
        train = np.random.default_rng(seed).choice(train, max_training_rows, replace=False)
    return np.sort(np.concatenate([train, np.flatnonzero(sides != "train")]))
