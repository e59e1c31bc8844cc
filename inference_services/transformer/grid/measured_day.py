"""The newest measured day of a feeder's meters, which a rule goes by where there is no forecast."""

from collections.abc import Sequence

import numpy as np

from metrify.adapters.meter_windows import MeterWindows
from metrify.errors import FeatureStoreError, MissingReadingsError, UnknownMeterError
from metrify.units import HOURS_PER_DAY


def newest_day(meters: Sequence[str], found: MeterWindows) -> tuple[np.datetime64, np.ndarray]:
    """When the newest readings end, and the day before that, `[M, 24]` kWh.

    Args:
        meters: `[M]` as they are to be named.
        found: Hourly windows that the store holds of them.

    Raises:
        FeatureStoreError: The store could not be asked.
        UnknownMeterError: It does not know a meter.
        MissingReadingsError: An hour of a meter is missing: none is made up.
    """
    if found.unavailable.any():
        raise FeatureStoreError(f"The feature store does not answer ({found.reason}).", "Try again in a moment.")
    strangers = _named(meters, np.asarray(np.isnat(found.ends)))
    if strangers:
        raise UnknownMeterError(f"The feature store does not know {_few(strangers)}.", strangers, _MEND)
    end = found.ends.max()
    day = np.full((len(meters), HOURS_PER_DAY), np.nan, np.float32)
    for row, late in enumerate(((end - found.ends) // np.timedelta64(1, "h")).astype(int).tolist()):
        there = max(HOURS_PER_DAY - late, 0)  # of the day, before the meter's own end
        known = found.windows[row, max(found.windows.shape[1] - there, 0) :]
        day[row, there - len(known) : there] = known
    gappy = _named(meters, np.asarray(np.isnan(day).any(axis=1)))
    if gappy:
        raise MissingReadingsError(f"Hours before {end}Z are missing of {_few(gappy)}.", gappy, _MEND)
    return end, day


_MEND = "Bring readings of all loads and inverters into the feature store."
_NAMED = 3


def _named(meters: Sequence[str], rows: np.ndarray) -> list[str]:
    return [meters[row] for row in np.flatnonzero(rows).tolist()]


def _few(names: list[str]) -> str:
    rest = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {rest} more" if rest > 0 else "")
