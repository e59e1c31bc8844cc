"""What was known at forecast origins of things that are measured at a place: values whose interval was over."""

from dataclasses import dataclass

import numpy as np

from metrify.errors import ReadingsError

_EPOCH = np.datetime64(0, "us")
_MINUTE = np.timedelta64(1, "m")


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


@dataclass(frozen=True)
class KnownGridStatus:
    """State of feeders before forecast origins.

    Attributes:
        loading_percent: `[N, L]` float32, of rated power, the intervals before each origin; NaN where not measured.
        voltage_pu: `[N, L]` float32, the same of the voltage.
    """

    loading_percent: np.ndarray
    voltage_pu: np.ndarray


@dataclass(frozen=True)
class OwnIntervals:
    """The intervals that something is measured in: those of the readings, or longer ones.

    Attributes:
        step: Their length.
        phase: How long after the epoch's grid they start; hourly values may be stamped at ten to.
    """

    step: np.timedelta64
    phase: np.timedelta64

    @classmethod
    def of(cls, what: str, times: np.ndarray, step_minutes: int) -> "OwnIntervals":
        """The intervals of one place.

        Args:
            what: What is measured, for the message.
            times: `[R]` datetime64[us] starts of its intervals, UTC. The smallest distance of two is their length; of
                one alone it is that of the readings.
            step_minutes: Length of an interval of the readings.

        Raises:
            ReadingsError: They are no whole multiple of the readings'.
        """
        step = shortest_step(times) or step_minutes * _MINUTE
        if step % (step_minutes * _MINUTE):
            raise ReadingsError(
                f"The {what} has values every {step / _MINUTE:g} minutes, and the readings are of {step_minutes} "
                "minutes.",
                "Bring it to the readings' intervals, or to whole multiples of them, before.",
            )
        return cls(step, (times.min() - _EPOCH) % step if len(times) else np.timedelta64(0, "us"))

    def holding(self, times: np.ndarray) -> np.ndarray:
        """Starts of the intervals in which instants lie, datetime64[us]."""
        return times - (times - _EPOCH - self.phase) % self.step


def shortest_step(times: np.ndarray) -> np.timedelta64 | None:
    """The smallest distance of two different times; None where there are no two."""
    distinct = np.unique(times)
    return np.diff(distinct).min() if len(distinct) > 1 else None


def known_before(
    own: OwnIntervals,
    times: np.ndarray,
    values: np.ndarray,
    origins: np.ndarray,
    lookback: int,
    step: np.timedelta64,
    delay: np.timedelta64,
) -> np.ndarray:
    """Measured values of the intervals before each origin, `[N, lookback, C]` float32; NaN where none was known.

    Args:
        own: The intervals that the values are of. One that is longer than the readings' holds for each of theirs.
        times: `[R]` datetime64[us] starts of the intervals, each once.
        values: `[R, C]`.
        origins: `[N]` datetime64[us].
        lookback: Intervals of the readings.
        step: Length of an interval of the readings.
        delay: From the end of an interval until its value has arrived.
    """
    wanted = own.holding(origins[:, None] + np.arange(-lookback, 0) * step)
    known = np.full((*wanted.shape, values.shape[1]), np.nan, np.float32)
    if len(times):
        order = np.argsort(times)
        place = np.searchsorted(times[order], wanted).clip(max=len(times) - 1)
        found = (times[order][place] == wanted) & (wanted + own.step + delay <= origins[:, None])
        known[found] = values[order][place[found]]
    return known
