"""Checks the online features: type, range, nulls, freshness, distribution, and whether training sees the same."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from metrify.adapters.feature_catalogue import time_to_live
from metrify.adapters.feature_store import OnlineWindowReader
from metrify.adapters.materialised_readings import MaterialisedReadings, read_materialised
from metrify.config import Home
from metrify.errors import UsageError
from metrify.readings.schema import LARGEST_KWH
from metrify.steps.compare_with_training import differing_readings
from metrify.steps.feature_check import CheckName, FeatureCheck
from metrify.steps.usual_weeks import DAYS, unusual_weeks, weeks_before
from metrify.units import intervals_per_day

_TIMES_LARGEST = 10  # a thousand times is a wrong unit, and ten times is no load of the same connection
_LEAST_LARGEST_KWH = 1.0  # an interval; so that the first load of an empty house is no fault
_NULL_SHARE = 0.05
_UNUSUAL_SHARE = 0.35
_NAMED_METERS = 5
_SECONDS_PER_HOUR = 3600


@dataclass(frozen=True)
class _Online:
    """What the online store holds of the meters that have a window of the right length.

    Attributes:
        rows: `[N]` the meters, by their row in the readings that were materialised.
        meters: `[N]` pseudonyms.
        windows: `[N, L]` float32 kWh.
        ends: `[N]` datetime64[s] UTC.
    """

    rows: np.ndarray
    meters: np.ndarray
    windows: np.ndarray
    ends: np.ndarray

    def check(
        self,
        name: CheckName,
        value: float,
        limit: float,
        unit: str,
        broken: np.ndarray,
        judged: np.ndarray | None = None,
    ) -> FeatureCheck:
        checked = len(self.meters) if judged is None else int(judged.sum())
        return FeatureCheck(
            name, value if checked else None, limit, unit, checked, int(broken.sum()), _some(self.meters[broken])
        )


def validate_features(now: pd.Timestamp, home: Home, max_age_hours: float | None = None) -> list[FeatureCheck]:
    """Checks the newest window of every meter whose readings were materialised.

    Args:
        now: When they are judged, with a time zone.
        home: Where the store lies.
        max_age_hours: How old the end of a window may be; the time to live of the Feast view without it.

    Returns:
        Six checks. `type` counts the meters without a window of the stored length; the others are of the rest.
        `range` counts what can't be: readings that are infinite, larger than any meter's or ten times the largest that
        this meter had in the dataset, or negative where none of this meter's was, and windows that end after `now`.
        `null_share` is the largest share of missing readings in a window, `freshness` the age of the oldest window.
        `distribution` is the share of meters whose last seven days are unlike their own eight weeks before
        (`unusual_weeks`). `skew` counts the readings that are other ones in the windows that training reads
        (`differing_readings`).

        The limit of `distribution` was set on the 296 days of a SimBench year that have nine weeks before them (197
        loads on 56 profiles): at most 29 % of the unchanged meters were unusual, and of meters whose load was doubled
        at least 42 %. It tells that many meters changed, not why: a cold spell or Christmas can do it, and a change of
        a third of the meters or of all by half may pass. The verdict on drift is the drift detector's.

    Raises:
        UsageError: `now` has no time zone.
        FeatureStoreError: Nothing was materialised yet, or the online store does not answer.
    """
    if now.tzinfo is None:
        raise UsageError(f"{now} has no time zone.", "Write an offset behind it, such as 2024-03-31T00:00Z.")
    if max_age_hours is None:
        max_age_hours = time_to_live(home, "meter_load") / pd.Timedelta(hours=1)
    materialised = read_materialised(home)
    types, online = _read_online(home, materialised)
    moment = now.tz_convert("UTC").tz_localize(None).to_datetime64()
    return [
        types,
        _check_range(online, moment, materialised),
        _check_null_share(online),
        _check_freshness(online, moment, max_age_hours),
        _check_distribution(online, materialised),
        _check_skew(online, materialised, home),
    ]


def _read_online(home: Home, materialised: MaterialisedReadings) -> tuple[FeatureCheck, _Online]:
    names, lookback = materialised.matrix.meter_ids, materialised.lookback
    windows, ends = OnlineWindowReader(home).read_as_stored(names.tolist())
    fits = np.array([window is not None and len(window) == lookback for window in windows]) & ~np.isnat(ends)
    kept = [window for window, fit in zip(windows, fits, strict=True) if fit]
    array = np.array(kept, np.float32).reshape(-1, lookback)
    missing = int((~fits).sum())
    type_check = FeatureCheck("type", missing, 0, "windows", len(names), missing, _some(names[~fits]))
    return type_check, _Online(np.flatnonzero(fits), names[fits], array, ends[fits])


def _check_range(online: _Online, moment: np.datetime64, materialised: MaterialisedReadings) -> FeatureCheck:
    size = np.abs(materialised.matrix.kwh)
    largest = np.where(np.isnan(size), 0, size).max(axis=1, initial=_LEAST_LARGEST_KWH)
    limit = np.minimum(_TIMES_LARGEST * largest[online.rows], LARGEST_KWH)
    feeds_in = np.any(materialised.matrix.kwh[online.rows] < 0, axis=1, keepdims=True)
    too_large = np.abs(online.windows) > limit[:, None]
    negative = (online.windows < 0) & ~feeds_in
    impossible = (too_large | negative).sum(axis=1) + (online.ends > moment)
    return online.check("range", float(impossible.sum()), 0, "values", impossible > 0)


def _check_null_share(online: _Online) -> FeatureCheck:
    share = np.isnan(online.windows).mean(axis=1)
    return online.check("null_share", float(share.max(initial=0)), _NULL_SHARE, "1", share > _NULL_SHARE)


def _check_freshness(online: _Online, moment: np.datetime64, max_age_hours: float) -> FeatureCheck:
    age_hours = (moment - online.ends).astype("timedelta64[s]").astype(np.int64) / _SECONDS_PER_HOUR
    oldest = float(age_hours.max()) if len(age_hours) else 0.0
    return online.check("freshness", oldest, max_age_hours, "h", age_hours > max_age_hours)


def _check_distribution(online: _Online, materialised: MaterialisedReadings) -> FeatureCheck:
    matrix = materialised.matrix
    day_length = intervals_per_day(matrix.resolution_minutes)
    length = min(DAYS, materialised.lookback // day_length) * day_length
    earlier = weeks_before(
        matrix, online.rows, pd.DatetimeIndex(online.ends, tz="UTC").tz_convert(materialised.timezone), length
    )
    newest = online.windows[:, online.windows.shape[1] - length :]
    unusual, judged = unusual_weeks(newest, earlier, day_length)
    share = float(unusual.sum() / max(judged.sum(), 1))
    return online.check("distribution", share, _UNUSUAL_SHARE, "1", unusual, judged)


def _check_skew(online: _Online, materialised: MaterialisedReadings, home: Home) -> FeatureCheck:
    differing, compared = differing_readings(online.meters, online.ends, online.windows, materialised, home)
    return online.check("skew", float(differing.sum()), 0, "readings", differing > 0, compared)


def _some(meters: np.ndarray) -> tuple[str, ...]:
    return tuple(meters[:_NAMED_METERS])
