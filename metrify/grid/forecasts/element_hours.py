"""A feeder's loads and inverters as meters with hourly readings, which is what forecasters read."""

from dataclasses import dataclass

import numpy as np

from metrify.errors import GridError
from metrify.grid.feeder import Feeder, Profiles


@dataclass(frozen=True, eq=False)
class ElementHours:
    """Hourly energy of M loads and inverters.

    Attributes:
        names: `[M]` str, loads first.
        loads: How many of them are loads.
        start: UTC datetime64[s], when the first hour begins.
        kwh: `[M, H]` float32; what inverters feed in is positive, too.
    """

    names: np.ndarray
    loads: int
    start: np.datetime64
    kwh: np.ndarray

    def hour_of(self, moment: np.datetime64) -> int:
        """The number of the hour that begins at a moment, or in which it lies."""
        return int((moment - self.start) // np.timedelta64(1, "h"))


def element_hours(feeder: Feeder, profiles: Profiles) -> ElementHours:
    """Sums profiles up to hours; what is left of an hour at the end is left out.

    Raises:
        GridError: The profiles don't begin with an hour, or an hour is no whole number of steps.
    """
    per_hour, rest = divmod(60, profiles.minutes)
    if rest or profiles.start.astype("datetime64[m]").astype(int) % 60:
        raise GridError("The profiles don't begin with an hour of whole steps.", "Bring steps of 5 to 60 minutes.")
    kw = np.concatenate([profiles.load_kw, profiles.pv_kw], axis=1)
    whole = len(kw) // per_hour
    hourly = kw[: whole * per_hour].reshape(whole, per_hour, kw.shape[1]).mean(axis=1)
    names = np.array([*feeder.load_names, *feeder.pv_names], dtype=object)
    return ElementHours(names, len(feeder.load_names), profiles.start, hourly.T.astype(np.float32))
