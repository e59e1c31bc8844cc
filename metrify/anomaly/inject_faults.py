"""Faults of known kind, time and size in readings that were measured: what detectors are fitted to and judged on."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from metrify.anomaly.kinds import Kind
from metrify.errors import AnomalyError
from metrify.units import HOURS_PER_DAY, MINUTES_PER_HOUR

_PHASE_SHARE = 0.67  # of the load is still measured where one of three phases is lost
_WORN_SHARE = 0.8  # is still counted at the end of a degradation
_QUIET_SHARE = 0.25  # of the clock times, those with the least load, tell what an empty home uses
_HISTORY_DAYS = 28
_COUNTING_STEPS_KWH = (0.1, 0.01, 0.001)  # of which the readings of a register may be multiples


class Span(NamedTuple):
    """Bounds of how long a fault lasts, in hours; both are drawn."""

    shortest_hours: int
    longest_hours: int


SPANS: Mapping[Kind, Span] = {
    Kind.STUCK: Span(6, 48),
    Kind.ZERO: Span(6, 72),
    Kind.SPIKE: Span(0, 0),  # one reading
    Kind.THEFT: Span(14 * HOURS_PER_DAY, 60 * HOURS_PER_DAY),
    Kind.PHASE_LOSS: Span(1 * HOURS_PER_DAY, 14 * HOURS_PER_DAY),
    Kind.CLOCK_SHIFT: Span(7 * HOURS_PER_DAY, 30 * HOURS_PER_DAY),
    Kind.REVERSED: Span(1 * HOURS_PER_DAY, 14 * HOURS_PER_DAY),
    Kind.DEGRADATION: Span(60 * HOURS_PER_DAY, 60 * HOURS_PER_DAY),
    Kind.BURST: Span(2, 24),
    Kind.VACANCY: Span(3 * HOURS_PER_DAY, 21 * HOURS_PER_DAY),
}


@dataclass(frozen=True)
class InjectedFault:
    """One fault.

    Attributes:
        meter: Row of the matrix.
        kind: What was done.
        begin: First column of the matrix that it touches.
        end: The column behind its last one.
    """

    meter: int
    kind: Kind
    begin: int
    end: int


def inject_faults(
    kwh: np.ndarray,
    resolution_minutes: int,
    meters: Sequence[int],
    kinds: Sequence[Kind],
    columns: tuple[int, int],
    seed: int,
    turns: int = 0,
) -> tuple[np.ndarray, list[InjectedFault]]:
    """Puts one fault into each of some meters; kinds take turns, and meters, times and sizes are drawn.

    Sizes are those of `SPANS` and: a spike has 4 to 10 times its reading, theft leaves 0.3 to 0.8 of the load, a lost
    phase 0.67 of it, a clock is 1 to 6 hours off on either side, and a degradation ends at 0.8.

    Args:
        kwh: `[M, T]` per interval, NaN where missing; it is not changed.
        resolution_minutes: Length of an interval.
        meters: Rows that get a fault.
        kinds: What they get, about equally often.
        columns: From which column on, and before which, a fault lies.
        seed: Of all draws.
        turns: How many turns kinds have taken before, in other draws.

    Returns:
        `[M, T]` float32, and the faults.

    Raises:
        AnomalyError: There is no room for the longest of the faults.

    Example:
        >>> loads, faults = inject_faults(np.ones((2, 24 * 90)), 60, [1], [Kind.ZERO], (0, 24 * 90), seed=0)
        >>> bool((loads[0] == 1).all()), faults[0].kind.value, float(loads[1, faults[0].begin : faults[0].end].sum())
        (True, 'zero', 0.0)
    """
    first, last = columns
    rng, changed, faults = np.random.default_rng(seed), kwh.astype(np.float32), []
    for turn, meter in enumerate(rng.permutation(np.asarray(meters, int)).tolist()):
        kind = kinds[(turns + turn) % len(kinds)]
        length = _draw_length(kind, resolution_minutes, rng)
        if length > last - first:
            raise AnomalyError(
                f"A fault of {length} intervals does not fit between the columns {first} and {last}.",
                "Bring readings of more days, or other kinds of faults.",
            )
        begin = _draw_begin(kind, kwh[meter, first : last - length + 1], rng) + first
        load = _Load(kwh[meter], begin, begin + length, resolution_minutes)
        changed[meter, begin : begin + length] = _counted(_CHANGES[kind](load, rng), _counting_step(kwh[meter]))
        faults.append(InjectedFault(meter, kind, begin, begin + length))
    return changed, faults


@dataclass(frozen=True)
class _Load:
    """All readings of a meter, and which of them a fault touches."""

    kwh: np.ndarray
    begin: int
    end: int
    resolution_minutes: int

    @property
    def touched(self) -> np.ndarray:
        return self.kwh[self.begin : self.end].astype(np.float64)

    def per_hours(self, hours: int) -> int:
        return max(hours * MINUTES_PER_HOUR // self.resolution_minutes, 1)


def _counting_step(kwh: np.ndarray) -> float | None:
    """The largest step of which all readings are multiples; None where they are of none."""
    measured = kwh[np.isfinite(kwh)].astype(np.float64)
    for step in _COUNTING_STEPS_KWH:
        if np.allclose(np.round(measured / step) * step, measured, rtol=1e-6, atol=1e-7):
            return step
    return None


def _counted(kwh: np.ndarray, step: float | None) -> np.ndarray:
    """Changed readings as the register would have counted them, so that their digits don't give them away."""
    return kwh if step is None else np.round(kwh / step) * step


def _draw_length(kind: Kind, resolution_minutes: int, rng: np.random.Generator) -> int:
    hours = rng.integers(SPANS[kind].shortest_hours, SPANS[kind].longest_hours + 1)
    return max(int(hours) * MINUTES_PER_HOUR // resolution_minutes, 1)


def _draw_begin(kind: Kind, kwh: np.ndarray, rng: np.random.Generator) -> int:
    """Where a fault begins; a spike is one of a reading that counts something, where there is any."""
    places = np.flatnonzero(kwh > 0) if kind is Kind.SPIKE else np.arange(len(kwh))
    return int(rng.choice(places if len(places) else np.arange(len(kwh))))


def _stick(load: _Load, rng: np.random.Generator) -> np.ndarray:
    """The first reading that counts anything, again and again."""
    here = load.kwh[load.begin :]
    counting = np.concatenate([here[here > 0], load.kwh[load.kwh > 0]])
    return np.full(load.end - load.begin, counting[0] if len(counting) else 1.0)


def _shift_clock(load: _Load, rng: np.random.Generator) -> np.ndarray:
    hours = int(rng.integers(1, 7)) * int(rng.choice([-1, 1]))
    moved = load.per_hours(abs(hours)) * np.sign(hours)
    places = np.arange(load.begin, load.end) + moved
    inside = (places >= 0) & (places < len(load.kwh))
    return np.where(inside, load.kwh[np.where(inside, places, 0)], load.touched)


def _vacate(load: _Load, rng: np.random.Generator) -> np.ndarray:
    """Readings of the meter's own quiet clock times in the weeks before."""
    day = load.per_hours(HOURS_PER_DAY)
    history = load.kwh[max(load.begin - _HISTORY_DAYS * day, 0) : max(load.begin, day)]
    by_time = history[: len(history) // day * day].reshape(-1, day)
    measured = np.isfinite(by_time)
    totals = np.where(measured, by_time, 0).sum(axis=0)
    usual = np.where(measured.any(axis=0), totals / np.maximum(measured.sum(axis=0), 1), np.inf)
    quiet = by_time[:, np.argsort(usual)[: max(int(_QUIET_SHARE * day), 1)]].ravel()
    quiet = quiet[np.isfinite(quiet)]
    low = np.sort(quiet)[: max(len(quiet) // 2, 1)] if len(quiet) else np.zeros(1)
    return np.where(np.isfinite(load.touched), rng.choice(low, load.end - load.begin), np.nan)


_CHANGES: Mapping[Kind, Callable[[_Load, np.random.Generator], np.ndarray]] = {
    Kind.STUCK: _stick,
    Kind.ZERO: lambda load, rng: np.zeros(load.end - load.begin),
    Kind.SPIKE: lambda load, rng: load.touched * rng.uniform(4, 10),
    Kind.THEFT: lambda load, rng: load.touched * rng.uniform(0.3, 0.8),
    Kind.PHASE_LOSS: lambda load, rng: load.touched * _PHASE_SHARE,
    Kind.CLOCK_SHIFT: _shift_clock,
    Kind.REVERSED: lambda load, rng: -load.touched,
    Kind.DEGRADATION: lambda load, rng: load.touched * np.linspace(1, _WORN_SHARE, load.end - load.begin),
    Kind.BURST: lambda load, rng: np.full(load.end - load.begin, np.nan),
    Kind.VACANCY: _vacate,
}
