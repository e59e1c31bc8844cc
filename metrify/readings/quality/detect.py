"""Finds the faults of readings, each meter judged by itself."""

import numpy as np

from metrify.config.schema import QualityConfig
from metrify.readings.matrix import ReadingsMatrix
from metrify.readings.quality.extremes import find_jumps, find_spikes
from metrify.readings.quality.faults import Fault
from metrify.units import hours


def detect_faults(matrix: ReadingsMatrix, config: QualityConfig, zeros_are_missing: bool = False) -> np.ndarray:
    """The faults of each reading that the readings of its own meter show.

    A negative, impossible, stuck or missing reading says nothing about the load, so spikes and jumps are looked for
    among the others.

    Args:
        matrix: Readings `[M, T]`.
        config: Thresholds.
        zeros_are_missing: Whether a missing reading was written as 0.

    Returns:
        `[M, T]` uint16, bits of `Fault`; 0 where a reading is sound or missing. `FUTURE` is not among them.
    """
    kwh, interval_hours = matrix.kwh, hours(matrix.resolution_minutes)
    faults = np.zeros(kwh.shape, dtype=np.uint16)
    _mark(faults, kwh < 0, Fault.NEGATIVE)
    if config.max_kw is not None:
        _mark(faults, kwh > config.max_kw * interval_hours, Fault.IMPOSSIBLE)
    lasts_hours = run_lengths(kwh) * np.float32(interval_hours)
    zero = kwh == 0
    if zeros_are_missing:
        _mark(faults, zero & (lasts_hours >= config.missing_zero_hours), Fault.MISSING_ZERO)
    else:
        _mark(faults, zero & (lasts_hours >= config.zero_run_hours), Fault.ZERO_RUN)
    flat = ~zero & (lasts_hours >= config.flat_line_hours)
    stuck = flat & (lasts_hours >= config.stuck_hours)
    _mark(faults, flat & ~stuck, Fault.FLAT_LINE)
    _mark(faults, stuck, Fault.STUCK)

    no_load = Fault.NEGATIVE | Fault.IMPOSSIBLE | Fault.MISSING_ZERO | Fault.STUCK
    load = np.where(faults & np.uint16(no_load), np.float32(np.nan), kwh)
    _mark(faults, find_spikes(load, config, interval_hours), Fault.SPIKE)
    _mark(faults, find_jumps(load, config, interval_hours), Fault.JUMP)
    return faults


def run_lengths(kwh: np.ndarray) -> np.ndarray:
    """How many intervals the run of equal readings that each reading lies in lasts.

    Args:
        kwh: `[M, T]`; a missing reading ends a run and is a run of 1.

    Returns:
        `[M, T]` int32.
    """
    begins = np.ones(kwh.shape, dtype=bool)
    begins[:, 1:] = kwh[:, 1:] != kwh[:, :-1]
    starts = np.flatnonzero(begins)
    lengths = np.diff(np.append(starts, kwh.size)).astype(np.int32)
    return np.repeat(lengths, lengths).reshape(kwh.shape)


def _mark(faults: np.ndarray, where: np.ndarray, fault: Fault) -> None:
    faults[where] |= np.uint16(fault)
