"""What was known at forecast origins of things that are measured at a place: values whose interval was over."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class KnownWeather:
    """Weather around forecast origins.

    Attributes:
        columns: `[C]` names of the quantities.
        observed: `[N, L, C]` float32, the intervals before each origin; NaN where nothing was observed.
        forecast: `[N, H, C]` float32, the intervals from each origin on, by the newest forecast that was known then;
            NaN where none was.
        issued_at: `[N, H]` datetime64[us] UTC of the forecasts; NaT where none was known.
    """

    columns: tuple[str, ...]
    observed: np.ndarray
    forecast: np.ndarray
    issued_at: np.ndarray

    def take(self, rows: np.ndarray | slice) -> "KnownWeather":
        """That of some of the origins."""
        return KnownWeather(self.columns, self.observed[rows], self.forecast[rows], self.issued_at[rows])


@dataclass(frozen=True)
class KnownGridStatus:
    """State of feeders before forecast origins.

    Attributes:
        loading_percent: `[N, L]` float32, of rated power, the intervals before each origin; NaN where not measured.
        voltage_pu: `[N, L]` float32, the same of the voltage.
    """

    loading_percent: np.ndarray
    voltage_pu: np.ndarray

    def take(self, rows: np.ndarray | slice) -> "KnownGridStatus":
        """That of some of the origins."""
        return KnownGridStatus(self.loading_percent[rows], self.voltage_pu[rows])


def known_before(
    starts: np.ndarray,
    ends: np.ndarray,
    values: np.ndarray,
    origins: np.ndarray,
    lookback: int,
    step: np.timedelta64,
    delay: np.timedelta64,
) -> np.ndarray:
    """Measured values of the intervals before each origin, `[N, lookback, C]` float32; NaN where none was known.

    Args:
        starts: `[R]` datetime64[us] of the intervals that the values are of, each once.
        ends: `[R]` theirs. A value holds for each interval of the readings that starts in its own.
        values: `[R, C]`.
        origins: `[N]` datetime64[us].
        lookback: Intervals of the readings.
        step: Length of an interval of the readings.
        delay: From the end of an interval until its value has arrived.
    """
    wanted = origins[:, None] + np.arange(-lookback, 0) * step
    known = np.full((*wanted.shape, values.shape[1]), np.nan, np.float32)
    if len(starts):
        order = np.argsort(starts)
        place = np.searchsorted(starts[order], wanted, side="right") - 1
        row = order[place.clip(min=0)]
        found = (place >= 0) & (wanted < ends[row]) & (ends[row] + delay <= origins[:, None])
        known[found] = values[row[found]]
    return known


def newest_of_each(
    starts: np.ndarray, ends: np.ndarray, issued: np.ndarray, wanted: np.ndarray, by: np.ndarray
) -> np.ndarray:
    """Which forecast of each wanted instant is the newest that had been issued.

    Args:
        starts: `[R]` datetime64[us] of the forecasts' intervals.
        ends: `[R]` theirs.
        issued: `[R]` datetime64[us].
        wanted: `[N, H]` datetime64[us].
        by: `[N]` datetime64[us] until when a forecast counts.

    Returns:
        `[N, H]` position of the forecast; -1 where there is none.
    """
    instants, place = np.unique(wanted, return_inverse=True)
    place = place.reshape(wanted.shape)
    first, last = np.searchsorted(instants, starts), np.searchsorted(instants, ends)
    rows = np.repeat(np.arange(len(starts)), last - first)  # once for each wanted instant that the row holds for
    held = np.arange(len(rows)) - np.repeat(np.cumsum(last - first) - last, last - first)
    order = np.lexsort((starts[rows], issued[rows], held))
    rows, held = rows[order], held[order]
    latest = _pairs(place, np.broadcast_to(by[:, None], wanted.shape))
    at = np.searchsorted(_pairs(held, issued[rows]), latest, side="right") - 1  # the last pair not after (instant, by)
    newest = np.full(wanted.shape, -1)
    found = at >= 0
    found[found] = held[at[found]] == place[found]
    newest[found] = rows[at[found]]
    return newest


def _pairs(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Pairs that sort by their first and then their second part."""
    pairs = np.empty(first.shape, dtype=[("first", "i8"), ("second", "i8")])
    pairs["first"], pairs["second"] = first.astype(np.int64), second.astype(np.int64)
    return pairs
