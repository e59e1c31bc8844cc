"""What the tables of weather and of grid status share: local stamps of places, and intervals that fit the readings'."""

import numpy as np
import pandas as pd

from metrify.errors import ReadingsError
from metrify.readings.known import shortest_step
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


def refuse_other_steps(file: str, what: str, times: pd.Series, places: pd.Series, resolution_minutes: int) -> None:
    """Refuses what is measured in intervals that the readings' don't divide.

    Args:
        file: Name of the file.
        what: What is measured, for the message.
        times: `[N]` starts of the intervals, UTC.
        places: `[N]` of which place.
        resolution_minutes: Length of an interval of the readings.

    Raises:
        ReadingsError: The intervals of a place are such.
    """
    steps = (shortest_step(of.to_numpy()) for _, of in times.dt.tz_localize(None).groupby(places))
    for minutes in {int(step // np.timedelta64(1, "m")) for step in steps if step is not None}:
        if minutes % resolution_minutes:
            raise ReadingsError(
                f"{file} has {what} every {minutes} minutes, and the readings are of {resolution_minutes} minutes.",
                f"Bring the {what} to the readings' intervals, or to whole multiples of them, before.",
            )
