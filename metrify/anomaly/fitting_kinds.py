"""Which kinds a day's readings allow at all: plain facts overrule what trees have learnt."""

from collections.abc import Sequence

import numpy as np

from metrify.anomaly.kinds import OTHER, Kind

_LEAST_RUN = 3  # readings of one value in a row, before which a register neither sticks nor counts nothing
_LEAST_LASTING_DAYS = 2  # what lasts for weeks is not over after one
_SPIKE_MULTIPLE = 1.5  # of both of its neighbours, at least
_MOST_MOVED_SHARE = 0.5  # by which days may count more or less than usual where only the clock is off
_LEAST_KIND_SHARE = 0.02  # of all that a day may be, ordinary among it
_KINDS = tuple(Kind)


def fitting_kinds(history: np.ndarray, judged: np.ndarray, is_over: np.ndarray | None = None) -> np.ndarray:
    """Which kinds do not contradict the readings of some days.

    A register that sticks or counts nothing repeats itself; new negative readings are import that is counted as export,
    and nothing else; days of nothing but zeros are those of a dead meter or of an empty home; a spike stands out from
    its neighbours and from all readings before; what is stolen, lost or worn away is counted no more; a clock that is
    off moves a day's energy, but leaves about as much of it; what lasts for weeks is not over after a day; and a burst
    has missing readings.

    Args:
        history: `[N, H, T]` kWh by the local clock of the days before; NaN where missing.
        judged: `[N, E, T]` the same of the days that are judged together.
        is_over: `[N]` whether it is known that the days after them are ordinary; it is not without it.

    Returns:
        `[N, K]` bool, in the order of `Kind`.

    Example:
        >>> usual, zeros = np.ones((1, 28, 24)), np.zeros((1, 1, 24))
        >>> [kind.value for kind, fits in zip(Kind, fitting_kinds(usual, zeros)[0]) if fits]
        ['zero', 'vacancy']
    """
    measured = np.isfinite(judged)
    usual = _usual(history)[:, None]
    counted, expected = _sum(judged), _sum(np.where(measured, usual, np.nan))
    is_lower = abs(counted) < abs(expected)
    is_alike = abs(counted - expected) <= _MOST_MOVED_SHARE * abs(expected)
    readings = judged.reshape(len(judged), -1)
    repeats = _repeats(readings)
    is_zero = readings == 0
    has_begun = measured.any(axis=(1, 2))
    nothing = has_begun & (is_zero | ~measured.reshape(readings.shape)).all(axis=1)
    had_negative, has_negative = (history < 0).any(axis=(1, 2)), (readings < 0).any(axis=1)
    turned = np.asarray(has_negative & ~had_negative)
    is_lasting = np.ones(len(judged), bool) if is_over is None else ~is_over | (judged.shape[1] >= _LEAST_LASTING_DAYS)
    varies = has_begun & ~nothing & (np.diff(readings, axis=1) != 0).any(axis=1)
    fits = {
        Kind.STUCK: (repeats & ~is_zero[:, _LEAST_RUN - 1 :]).any(axis=1),
        Kind.ZERO: (is_lower & (repeats & is_zero[:, _LEAST_RUN - 1 :]).any(axis=1)) | nothing,
        Kind.SPIKE: ((readings > _highest(history)) & _stands_out(readings)).any(axis=1),
        Kind.THEFT: is_lower & is_lasting & ~nothing,
        Kind.PHASE_LOSS: is_lower & ~nothing,
        Kind.CLOCK_SHIFT: varies & is_alike,
        Kind.REVERSED: has_negative | (had_negative & ~nothing),
        Kind.DEGRADATION: is_lower & is_lasting & ~nothing,
        Kind.BURST: ~measured.all(axis=(1, 2)),
        Kind.VACANCY: is_lower,
    }
    table = np.column_stack([fits[kind] for kind in _KINDS])
    others = np.array([kind not in (Kind.REVERSED, Kind.BURST) for kind in _KINDS])
    return np.where(turned[:, None] & others, False, table)


def sure_faults(history: np.ndarray, judged: np.ndarray) -> np.ndarray:
    """Which days are anomalous whatever a detector says, `[N]` bool.

    Those with negative readings, or with nothing but zeros, at meters that had no such reading in the days before.

    Args:
        history: `[N, H, T]` kWh by the local clock of the days before; NaN where missing.
        judged: `[N, E, T]` the same of the days that are judged together.
    """
    measured = np.isfinite(judged)
    nothing = measured.any(axis=(1, 2)) & ((judged == 0) | ~measured).all(axis=(1, 2))
    turned = (judged < 0).any(axis=(1, 2)) & ~(history < 0).any(axis=(1, 2))
    return np.asarray(turned | (nothing & ~(history == 0).any(axis=(1, 2))))


def guess_faults(kind_share: np.ndarray, fits: np.ndarray, kinds: Sequence[str] = _KINDS) -> np.ndarray:
    """The likeliest kind of fault of those that fit, `[N]` str.

    It is `other` where none fits, or where all of several are far-fetched.

    Args:
        kind_share: `[N, K]` how likely each kind is.
        fits: `[N, len(Kind)]` of `fitting_kinds`.
        kinds: `[K]` what the columns of `kind_share` are of.

    Example:
        >>> share = np.full((1, len(Kind)), 0.1)
        >>> readings = np.tile(np.arange(24.0), (1, 30, 1))
        >>> guess_faults(share, fitting_kinds(readings[:, :28], readings[:, 28:] - 100)).tolist()
        ['reversed']
    """
    columns = [_KINDS.index(Kind(kind)) for kind in kinds]
    is_fault = np.array([kind != Kind.VACANCY for kind in kinds])
    share = np.where(fits[:, columns] & is_fault, kind_share, -1.0)
    names = np.array([str(kind) for kind in kinds], dtype=object)[share.argmax(axis=1)]
    is_certain = (fits[:, columns] & is_fault).sum(axis=1) == 1
    return np.where(is_certain | (share.max(axis=1) >= _LEAST_KIND_SHARE), names, OTHER)


def _repeats(readings: np.ndarray) -> np.ndarray:
    """`[N, R - 2]` whether a reading is the same as the two before it."""
    same = readings[:, 1:] == readings[:, :-1]
    return np.asarray(same[:, 1:] & same[:, :-1])


def _highest(history: np.ndarray) -> np.ndarray:
    """`[N, 1]` the highest reading of the days before; none is higher where nothing was measured."""
    return np.where(np.isfinite(history), history, -np.inf).max(axis=(1, 2))[:, None]


def _stands_out(readings: np.ndarray) -> np.ndarray:
    """`[N, R]` whether a reading is far above both of its neighbours, as far as these were measured."""
    edged = np.pad(readings, ((0, 0), (1, 1)), constant_values=np.nan)
    neighbour = np.fmax(np.fmax(edged[:, :-2], edged[:, 2:]), 0)
    return np.asarray(readings >= _SPIKE_MULTIPLE * neighbour)


def _usual(history: np.ndarray) -> np.ndarray:
    """`[N, T]` means of the clock times; NaN where nothing was measured."""
    measured = np.isfinite(history)
    counts = measured.sum(axis=1)
    return np.where(counts > 0, np.where(measured, history, 0).sum(axis=1) / np.maximum(counts, 1), np.nan)


def _sum(kwh: np.ndarray) -> np.ndarray:
    return np.asarray(np.nansum(kwh, axis=(1, 2), dtype=np.float64))
