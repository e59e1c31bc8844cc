"""When local days begin."""

import numpy as np
import pandas as pd


def day_starts(days: pd.DatetimeIndex, timezone: str) -> pd.DatetimeIndex:
    """The first instants of local days.

    Where the clocks skip midnight, as in Cairo or in Lebanon, a day begins at one o'clock; where midnight comes twice,
    as in Cuba, it begins at the first. A day that the date line took begins with the next one.

    Args:
        days: `[D]` naive local midnights.
        timezone: IANA name of the local time.

    Returns:
        `[D]` local times.
    """
    return days.tz_localize(timezone, nonexistent="shift_forward", ambiguous=np.ones(len(days), dtype=bool))
