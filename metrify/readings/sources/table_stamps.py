"""What the tables of weather and of grid status share: local stamps of places, and intervals that fit the readings'."""

import numpy as np
import pandas as pd

from metrify.errors import ReadingsError
from metrify.readings.own_intervals import own_ends
from metrify.readings.sources.local_time import resolve_local_times
from metrify.readings.sources.table_cells import Stamps
from metrify.readings.sources.table_faults import refuse_rows


def utc_stamps(
    file: str, title: str, stamps: Stamps, places: np.ndarray, timezone: str, step_minutes: int
) -> np.ndarray:
    """Stamps as `[N]` datetime64[us] UTC.

    Args:
        file: Name of the file.
        title: Name of the column.
        stamps: As they are written.
        places: `[N]` integer code of each row's place.
        timezone: IANA name of the local time of stamps without an offset.
        step_minutes: Length of an interval, by which the two passes of a repeated hour are told apart.

    Raises:
        ReadingsError: Clocks skipped a stamp, or it can't be told which pass of a repeated hour it is of.
    """
    resolved = resolve_local_times(stamps.local, places, timezone, step_minutes)
    utc = np.where(np.isnat(stamps.utc), resolved.utc, stamps.utc)
    fault = f"a stamp in the column {title!r} that clocks in {timezone} skipped or passed twice"
    mend = "Write the offset behind each stamp, for instance 2024-10-27T01:00Z."
    refuse_rows(file, np.isnat(utc), fault, stamps.local, mend)
    return utc.astype("datetime64[us]")


def refuse_no_rows(file: str, rows: int, option: str) -> None:
    """Refuses a file that has columns and nothing in them.

    Raises:
        ReadingsError: There are no rows.
    """
    if not rows:
        raise ReadingsError(f"{file} has no row below the names of its columns.", f"Fill it, or leave out {option}.")


def refuse_twins(file: str, keys: pd.DataFrame) -> None:
    """Refuses a file with two rows of one place and time.

    Args:
        file: Its name.
        keys: Place, `timestamp` and, of forecasts, `issued_at` of each row, in the file's order.

    Raises:
        ReadingsError: There are such rows; it names the first one's columns, place and stamp.
    """
    again = keys.duplicated().to_numpy()
    cells = keys[again].astype(str).agg(" ".join, axis=1).to_numpy() if again.any() else np.empty(0, object)
    shown = np.full(len(keys), "", dtype=object)
    shown[again] = [cell.removesuffix(" NaT") for cell in cells]
    refuse_rows(file, again, f"the {', '.join(keys.columns)} of an earlier row", shown, "Keep one row of each.")


def refuse_other_steps(
    what: str, times: pd.Series, places: pd.Series, resolution_minutes: int, issued: pd.Series | None = None
) -> None:
    """Refuses what is measured in intervals that the readings' don't divide.

    Args:
        what: What is measured, with the name of the file.
        times: `[N]` starts of the intervals, UTC.
        places: `[N]` of which place.
        resolution_minutes: Length of an interval of the readings.
        issued: `[N]` issues of forecasts; None where all was measured.

    Raises:
        ReadingsError: The intervals of a place are such.
    """
    starts = _naive(times)
    issues = np.full(len(starts), np.datetime64("NaT", "us")) if issued is None else _naive(issued)
    for rows in places.groupby(places).indices.values():
        own_ends(what, starts[rows], resolution_minutes, issues[rows])


def _naive(stamps: pd.Series) -> np.ndarray:
    return stamps.dt.tz_localize(None).to_numpy("datetime64[us]")
