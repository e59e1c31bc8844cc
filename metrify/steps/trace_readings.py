"""The readings that had arrived for a forecast: what a dataset knew of a meter's window at a data version."""

import pandas as pd

from metrify.config import Home
from metrify.errors import DatasetError, UnknownMeterError, UsageError
from metrify.privacy.pseudonyms import PSEUDONYM_KEY_FILE, load_or_create_key, pseudonyms_of
from metrify.readings.dataset import INFO_FILE, read_info
from metrify.readings.store.read import newest_data_version, read_readings_as_of
from metrify.steps.trace_states import MISSING, trace_states

MAX_INTERVALS = 100_000  # eleven years of hours


def trace_readings(
    name: str, meter: str, origin: pd.Timestamp, intervals: int, data_version: int | None, home: Home
) -> pd.DataFrame:
    """The readings before a forecast origin, as they had arrived at a data version and as they are known now.

    They are shown as they arrived, and what the feature store made of each: see `trace_states`. A forecast saw those
    that were used.

    Args:
        name: An imported dataset.
        meter: Meter number or pseudonym.
        origin: When the forecast began, UTC; the start of an interval.
        intervals: How many intervals before it, up to `MAX_INTERVALS`.
        data_version: What was known then; the newest one without it.
        home: Where datasets and the pseudonym key lie.

    Returns:
        A row an interval: `timestamp` (UTC), `kwh` (NaN where no reading was known), `version` and `arrived` (data
        version with which it came; missing where there was none), `state` and `kwh_now`.

    Raises:
        DatasetError: The dataset was not imported, or has no such data version.
        UnknownMeterError: It has no such meter.
        UsageError: The origin lies between intervals or away from the meter's readings, or the intervals are too many.
    """
    if not 1 <= intervals <= MAX_INTERVALS:
        raise UsageError(f"{intervals} intervals can't be traced.", f"Ask for 1 to {MAX_INTERVALS}.")
    folder = home.datasets / name
    if not (folder / INFO_FILE).is_file():
        raise DatasetError(
            f"There is no imported dataset {name!r}.",
            "Only imported datasets have data versions; see `metrify data list`.",
        )
    newest = newest_data_version(folder)
    pseudonym = pseudonyms_of([meter], load_or_create_key(home.keys / PSEUDONYM_KEY_FILE))[meter]
    asked = newest if data_version is None else data_version
    then, now = (
        read_readings_as_of(folder, version, [pseudonym]).set_index("timestamp") for version in (asked, newest)
    )
    if now.empty:
        raise UnknownMeterError(f"The dataset {name!r} has no readings of the meter {meter}.", [meter])
    step = pd.Timedelta(minutes=read_info(folder).resolution_minutes)
    _check_origin(origin, pd.DatetimeIndex(now.index), intervals, step)
    stamps = pd.date_range(origin - intervals * step, periods=intervals, freq=step, name="timestamp").as_unit("us")
    seen = then.reindex(stamps)
    states = trace_states(then.reset_index(), stamps, folder, asked, home) if len(then) else [MISSING] * intervals
    return pd.DataFrame(
        {
            "timestamp": stamps,
            "kwh": seen["kwh"].to_numpy(),
            "version": seen["version"].astype("Int64").to_numpy(),
            "arrived": seen["arrived"].astype("Int64").to_numpy(),
            "state": states,
            "kwh_now": now["kwh"].reindex(stamps).to_numpy(),
        }
    )


def _check_origin(origin: pd.Timestamp, known: pd.DatetimeIndex, intervals: int, step: pd.Timedelta) -> None:
    first, last = known[0], known[-1]
    # Compared and not subtracted first: the years that a stamp can have lie farther apart than a difference can tell.
    if origin <= first or origin > last + intervals * step:
        raise UsageError(
            f"None of the {intervals} intervals before {origin.isoformat()} has a reading of the meter.",
            f"Its readings run from {first.isoformat()} to {last.isoformat()}.",
        )
    off_grid = (origin - first) % step
    if off_grid:
        raise UsageError(
            f"The origin {origin.isoformat()} lies between intervals of {step // pd.Timedelta(minutes=1)} minutes.",
            f"Ask for instance for {(origin - off_grid).isoformat()}.",
        )
