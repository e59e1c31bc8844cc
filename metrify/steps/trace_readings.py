"""The readings that a forecast saw: what a dataset knew of a meter's window at a data version."""

import pandas as pd

from metrify.config import Home
from metrify.errors import DatasetError, UnknownMeterError
from metrify.privacy.pseudonyms import PSEUDONYM_KEY_FILE, load_or_create_key, pseudonyms_of
from metrify.readings.dataset import INFO_FILE, read_info
from metrify.readings.store.read import newest_data_version, read_readings_as_of


def trace_readings(
    name: str, meter: str, origin: pd.Timestamp, intervals: int, data_version: int | None, home: Home
) -> pd.DataFrame:
    """The readings before a forecast origin, as they were known at a data version and as they are known now.

    Args:
        name: An imported dataset.
        meter: Meter number or pseudonym.
        origin: When the forecast began, UTC.
        intervals: How many intervals before it.
        data_version: What was known then; the newest one without it.
        home: Where datasets and the pseudonym key lie.

    Returns:
        A row an interval: `timestamp` (UTC), `kwh` (NaN where no reading was known), `version` and `arrived` (data
        version with which it came; missing where there was none), and `kwh_now`.

    Raises:
        DatasetError: The dataset was not imported, or has no such data version.
        UnknownMeterError: It has no such meter.
    """
    folder = home.datasets / name
    if not (folder / INFO_FILE).is_file():
        raise DatasetError(
            f"There is no imported dataset {name!r}.",
            "Only imported datasets have data versions; see `metrify data list`.",
        )
    newest = newest_data_version(folder)
    pseudonym = pseudonyms_of([meter], load_or_create_key(home.keys / PSEUDONYM_KEY_FILE))[meter]
    then, now = (
        read_readings_as_of(folder, version, [pseudonym]).set_index("timestamp")
        for version in (data_version or newest, newest)
    )
    if now.empty:
        raise UnknownMeterError(f"The dataset {name!r} has no readings of the meter {meter}.", [meter])
    step = pd.Timedelta(minutes=read_info(folder).resolution_minutes)
    stamps = pd.date_range(origin - intervals * step, periods=intervals, freq=step, name="timestamp").as_unit("us")
    seen = then.reindex(stamps)
    return pd.DataFrame(
        {
            "timestamp": stamps,
            "kwh": seen["kwh"].to_numpy(),
            "version": seen["version"].astype("Int64").to_numpy(),
            "arrived": seen["arrived"].astype("Int64").to_numpy(),
            "kwh_now": now["kwh"].reindex(stamps).to_numpy(),
        }
    )
