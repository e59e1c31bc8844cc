"""How long the values of a place hold: for an interval of the readings, or for a longer one of their own.

Nothing says so but their stamps. What was observed and what was forecast may be of different lengths, and a day that
begins at local midnight has 23, 24 or 25 hours.
"""

import numpy as np

from metrify.errors import ReadingsError

_MINUTE = np.timedelta64(1, "m")
_NONE = np.timedelta64(0, "us")
_UNKNOWN = np.timedelta64("NaT", "us")


def own_ends(what: str, starts: np.ndarray, step_minutes: int, issued: np.ndarray | None = None) -> np.ndarray:
    """Ends of the intervals that the values of one place are of, `[R]` datetime64[us].

    The stamps of what was observed are a series, and those of each forecast. Of either kind the step is the most
    frequent distance of neighbours in a series. An interval lasts until the next stamp if that is less than two steps
    away, for clocks change; otherwise the next value is missing, and it lasts for one step.

    Args:
        what: What is measured, for the message.
        starts: `[R]` datetime64[us], UTC.
        step_minutes: Length of an interval of the readings; also of a value that stands all alone.
        issued: `[R]` datetime64[us] issue of each forecast, NaT where the row was observed; None where all were.

    Raises:
        ReadingsError: The intervals are no whole multiples of the readings'.
    """
    series = np.zeros(len(starts), np.int64) if issued is None else issued.astype(np.int64)
    is_forecast = np.zeros(len(starts), bool) if issued is None else ~np.isnat(issued)
    order = np.lexsort((starts, series))
    gaps = np.full(len(starts), _UNKNOWN)
    gaps[order[:-1]] = np.where(np.diff(series[order]) == 0, np.diff(starts[order]), _UNKNOWN)
    steps = np.full(len(starts), step_minutes * _MINUTE).astype("timedelta64[us]")
    for kind in (is_forecast, ~is_forecast):
        # A forecast of a single interval is as long as it is from the one to the other.
        for distances in (gaps[kind], np.diff(np.unique(starts[kind])), np.diff(np.unique(starts))):
            known = distances[distances > _NONE]
            if len(known):
                steps[kind] = _most_frequent(known)
                break
    _refuse_misfit(what, gaps[gaps > _NONE], steps, step_minutes)
    return starts + np.where(gaps < 2 * steps, gaps, steps)


def _most_frequent(distances: np.ndarray) -> np.timedelta64:
    """The shortest of those that are as frequent."""
    lengths, counts = np.unique(distances, return_counts=True)
    return lengths[counts.argmax()]


def _refuse_misfit(what: str, gaps: np.ndarray, steps: np.ndarray, step_minutes: int) -> None:
    step = step_minutes * _MINUTE
    misfits = [*gaps[gaps < step], *steps[steps % step > _NONE]]
    if misfits:
        raise ReadingsError(
            f"{what} has values every {min(misfits) / _MINUTE:g} minutes, and the readings are of {step_minutes} "
            "minutes.",
            "Bring them to the readings' intervals, or to whole multiples of them, before.",
        )
