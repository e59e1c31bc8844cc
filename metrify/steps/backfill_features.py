"""Recomputes the windows that late, corrected, quarantined or released readings touch, and no others."""

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from metrify.adapters import feature_store
from metrify.adapters.materialised_readings import MaterialisedReadings, read_materialised, write_materialised
from metrify.config import Home, MetrifyConfig
from metrify.errors import FeatureStoreError
from metrify.features.touched import changed_intervals, touched_outcomes, touched_windows
from metrify.features.windows import cut_windows
from metrify.readings.matrix import ReadingsMatrix
from metrify.readings.store.read import newest_data_version
from metrify.steps.accepted_readings import load_accepted_readings
from metrify.steps.impute_inputs import impute_inputs
from metrify.steps.ingest_readings import ingest_readings
from metrify.steps.materialise_features import materialise_features, window_origins
from metrify.steps.reuse import forget_fillings, taking_turns
from metrify.steps.validate_readings import validate_readings

TOUCHED_FILE = "touched.parquet"


@dataclass(frozen=True)
class Backfill:
    """What a backfill did.

    Attributes:
        dataset: Name of the dataset.
        data_version_before: Number of the newest import that the windows were cut from before.
        data_version: The same now.
        changed_readings: Intervals that have another reading now, or one for the first time, or none any more.
        changed_meters: How many meters they are of.
        windows: Windows that were computed.
        kept_windows: Windows that were left as they were.
        removed_windows: Windows of meters that are not accepted any more.
        online_windows: Windows that were pushed to the online store.
        touched: `meter_id`, `kind` (forecast or outcome), `first_origin`, `last_origin`, `data_version`: the origins
            whose forecast saw other readings, and those whose outcome is another one now.
    """

    dataset: str
    data_version_before: int
    data_version: int
    changed_readings: int
    changed_meters: int
    windows: int
    kept_windows: int
    removed_windows: int
    online_windows: int
    touched: pd.DataFrame


def backfill_features(config: MetrifyConfig, home: Home) -> Backfill:
    """Brings the feature store up to its dataset, which had more imports, releases or other thresholds since.

    Args:
        config: The configuration that the windows were cut with, or another one with the same `lookback_window`.
        home: Where the dataset and the feature store lie.

    Raises:
        FeatureStoreError: Nothing was materialised yet, or windows of another length.
        DatasetError: The dataset is gone, or no meter of it is good enough any more.
    """
    with taking_turns(home.feature_store, materialise_features.__name__):
        before = read_materialised(home)
        length = config.feature_engineering.lookback_window
        if before.lookback != length:
            raise FeatureStoreError(
                f"The store holds windows of {before.lookback} intervals, and the configuration asks for {length}.",
                "Run `metrify train`, which fills the store anew.",
            )
        return _update(before, _read_again(before.dataset, config, home), config, home)


def _read_again(name: str, config: MetrifyConfig, home: Home) -> ReadingsMatrix:
    with tempfile.TemporaryDirectory() as folder:
        dataset, verdicts = Path(folder) / "dataset", Path(folder) / "verdicts"
        ingest_readings(name, dataset, home)
        validate_readings(dataset, verdicts, config, home)
        info, _, measured = load_accepted_readings(dataset, verdicts)
        return impute_inputs(measured, info.timezone, config)[0]


def _update(before: MaterialisedReadings, after: ReadingsMatrix, config: MetrifyConfig, home: Home) -> Backfill:
    length, horizon = before.lookback, config.training.consumption_forecasting.forecast_horizon
    origins, known = (window_origins(matrix, length, before.timezone) for matrix in (after, before.matrix))
    places = ((origins - after.start) // pd.Timedelta(minutes=after.resolution_minutes)).to_numpy()
    changed = changed_intervals(before.matrix, after)
    is_new = ~np.isin(after.meter_ids, before.matrix.meter_ids)[:, None] | ~origins.isin(known)[None, :]
    stale = touched_windows(changed, places, length)
    meters, columns = np.nonzero(stale | is_new)
    windows = cut_windows(after, origins, length)[meters, columns]
    forget_fillings(home.feature_store)
    table = feature_store.windows_table(after.meter_ids[meters], origins[columns], windows)
    kept, removed = feature_store.replace_offline_windows(home, table, after.meter_ids, origins)
    until = origins[-1] if (~origins.isin(known)).any() else before.online_until
    online = columns == origins.get_loc(until)
    if online.any():
        feature_store.push_windows(home, after.meter_ids[meters[online]], origins[columns[online]], windows[online])
    data_version = newest_data_version(home.datasets / before.dataset)
    touched = pd.concat(
        [
            _spans(after.meter_ids, origins, stale & origins.isin(known), "forecast", data_version),
            _spans(after.meter_ids, origins, touched_outcomes(changed, places, horizon), "outcome", data_version),
        ],
        ignore_index=True,
    )
    _note_touched(home, touched)
    write_materialised(home, replace(before, data_version=data_version, online_until=until, matrix=after))
    return Backfill(
        dataset=before.dataset,
        data_version_before=before.data_version,
        data_version=data_version,
        changed_readings=int(changed.sum()),
        changed_meters=int(changed.any(axis=1).sum()),
        windows=len(meters),
        kept_windows=kept,
        removed_windows=removed,
        online_windows=int(online.sum()),
        touched=touched,
    )


def _spans(
    meter_ids: np.ndarray, origins: pd.DatetimeIndex, touched: np.ndarray, kind: str, data_version: int
) -> pd.DataFrame:
    rows = np.flatnonzero(touched.any(axis=1))
    first, last = touched[rows].argmax(axis=1), touched.shape[1] - 1 - touched[rows, ::-1].argmax(axis=1)
    return pd.DataFrame(
        {
            "meter_id": meter_ids[rows],
            "kind": kind,
            "first_origin": origins[first],
            "last_origin": origins[last],
            "data_version": data_version,
        }
    )


def _note_touched(home: Home, touched: pd.DataFrame) -> None:
    path = home.feature_store / TOUCHED_FILE
    parts = [pd.read_parquet(path), touched] if path.is_file() else [touched]
    pd.concat(parts, ignore_index=True).to_parquet(path, index=False)
