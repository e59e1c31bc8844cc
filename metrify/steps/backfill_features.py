"""Recomputes the windows that late, corrected, quarantined or released readings touch, and no others."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from metrify.adapters import feature_store
from metrify.adapters.materialised_readings import MaterialisedReadings, read_materialised, write_materialised
from metrify.adapters.static_records import write_static_records
from metrify.adapters.surroundings_files import write_surroundings
from metrify.adapters.weather_records import OnlineSpan, write_weather_records
from metrify.config import Home
from metrify.errors import FeatureStoreError
from metrify.features.touched import changed_intervals, touched_outcomes, touched_windows
from metrify.features.windows import cut_windows, newest_origins
from metrify.readings.matrix import ReadingsMatrix
from metrify.steps.correct_served_windows import correct_served_windows
from metrify.steps.empty_served_windows import empty_served_windows
from metrify.steps.materialise_features import materialise_features, window_origins
from metrify.steps.note_touched import note_touched, touched_spans, whole_spans
from metrify.steps.read_again import FILL_ANEW, DatasetNow, read_again
from metrify.steps.reuse import forget_fillings, taking_turns


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
        online_windows: Windows that were pushed to the online store, empty ones of meters that are not accepted any
            more among them.
        touched: `meter_id`, `kind` (forecast or outcome), `first_origin`, `last_origin`, `data_version`: the origins
            whose forecast saw other readings, and those whose outcome is another one now. Of meters that are not
            accepted any more, every origin is.
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


@dataclass(frozen=True)
class _Changes:
    """What is different now: `[O]` origins, of the old and of the new readings, and masks of the new ones.

    Attributes:
        origins: `[O]` UTC, where windows end now.
        known: Where they ended before.
        readings: `[M, T]` intervals with another reading.
        forecasts: `[M, O]` windows with another reading that were there before.
        windows: `[M, O]` these, and those that were not there.
        outcomes: `[M, O]` origins with another reading within their horizon.
        has_lost: Whether a meter or an interval is gone.
    """

    origins: pd.DatetimeIndex
    known: pd.DatetimeIndex
    readings: np.ndarray
    forecasts: np.ndarray
    windows: np.ndarray
    outcomes: np.ndarray
    has_lost: bool


def backfill_features(home: Home) -> Backfill:
    """Brings the feature store up to its dataset, which had more imports or releases since.

    The configuration is the one that the store was filled with. Where nothing changed, nothing is written.

    Args:
        home: Where the dataset and the feature store lie.

    Raises:
        FeatureStoreError: Nothing was materialised yet, or the dataset is another one now.
        DatasetError: No meter of it is good enough any more.
    """
    with taking_turns(home.feature_store, materialise_features.__name__):
        before = read_materialised(home)
        now = read_again(before, home)
        return _update(before, now, _compare(before, now), home)


def _compare(before: MaterialisedReadings, now: DatasetNow) -> _Changes:
    old, new, length = before.matrix, now.matrix, before.lookback
    origins, known = (window_origins(matrix, length, before.timezone) for matrix in (new, old))
    if origins.empty:
        raise FeatureStoreError(f"No window of {length} intervals is left of {before.dataset!r}.", FILL_ANEW)
    places = ((origins - new.start) // pd.Timedelta(minutes=new.resolution_minutes)).to_numpy()
    readings = changed_intervals(old, new)
    stale = touched_windows(readings, places, length)
    was_there = np.isin(new.meter_ids, old.meter_ids)[:, None] & origins.isin(known)[None, :]
    horizon = before.config.training.consumption_forecasting.forecast_horizon
    gone = (~np.isin(old.meter_ids, new.meter_ids)).any() or old.kwh.shape[1] > new.kwh.shape[1]
    outcomes = touched_outcomes(readings, places, horizon)
    has_lost = bool(gone or (~known.isin(origins)).any())
    return _Changes(origins, known, readings, stale & origins.isin(known), stale | ~was_there, outcomes, has_lost)


def _update(before: MaterialisedReadings, now: DatasetNow, changes: _Changes, home: Home) -> Backfill:
    after, origins, version = now.matrix, changes.origins, now.data_version
    is_later = (origins > before.online_until) & ~origins.isin(changes.known)
    until = origins[-1] if is_later.any() else before.online_until
    is_same = version == before.data_version and not (
        changes.readings.any() or changes.windows.any() or changes.has_lost
    )
    if not is_same:
        forget_fillings(home.feature_store)
    kept, removed = _replace_offline(before, now, changes, home)
    length = before.lookback
    pushed = correct_served_windows(
        after, changes.readings, _read_until(after, origins, until), bool(is_later.any()), length, version, home
    )
    lost = np.setdiff1d(before.matrix.meter_ids, after.meter_ids)
    pushed += empty_served_windows(lost, length, version, home)
    kinds = (("forecast", changes.forecasts), ("outcome", changes.outcomes))
    spans = [touched_spans(after.meter_ids, origins, touched, kind, version) for kind, touched in kinds]
    touched = pd.concat([*spans, whole_spans(lost, changes.known, version)], ignore_index=True)
    # Weather, grid status and what is known of meters may be new although no reading is.
    views = write_surroundings(home, now.surroundings, after.resolution_minutes)
    views |= write_weather_records(home, now.surroundings, OnlineSpan(until, length, after.resolution_minutes))
    named = before.config.feature_engineering.static_columns
    views |= write_static_records(home, before.dataset, now.surroundings, named, until)
    feature_store.materialise_surroundings(home, until, views)
    if not is_same:
        note_touched(home, touched)
        now_served = replace(before, data_version=version, online_until=until, matrix=after, imputed=now.imputed)
        write_materialised(home, now_served)
    return Backfill(
        dataset=before.dataset,
        data_version_before=before.data_version,
        data_version=version,
        changed_readings=int(changes.readings.sum()),
        changed_meters=int(changes.readings.any(axis=1).sum()),
        windows=int(changes.windows.sum()),
        kept_windows=kept,
        removed_windows=removed,
        online_windows=pushed,
        touched=touched,
    )


def _read_until(matrix: ReadingsMatrix, origins: pd.DatetimeIndex, until: pd.Timestamp) -> pd.DatetimeIndex:
    """Where the window of each meter ends: with its own newest day, since meters are not read at the same time."""
    past = origins[origins <= until]
    return past[newest_origins(matrix, past)]


def _replace_offline(before: MaterialisedReadings, now: DatasetNow, changes: _Changes, home: Home) -> tuple[int, int]:
    """How many windows were kept and how many removed."""
    if not (changes.windows.any() or changes.has_lost):
        return changes.windows.size, 0
    meter_ids, origins = now.matrix.meter_ids, changes.origins
    meters, columns = np.nonzero(changes.windows)
    windows = cut_windows(now.matrix, origins, before.lookback)[meters, columns]
    table = feature_store.windows_table(meter_ids[meters], origins[columns], windows, now.data_version)
    return feature_store.replace_offline_windows(home, table, meter_ids, origins)
