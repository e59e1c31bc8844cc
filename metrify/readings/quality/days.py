"""One verdict a meter and local day, with its reasons."""

import numpy as np
import pandas as pd

from metrify.config.schema import FAULT_NAMES, QualityConfig
from metrify.readings.matrix import ReadingsMatrix
from metrify.readings.quality.faults import fault_name, parse_faults
from metrify.readings.quality.local_days import LocalDays, find_local_days
from metrify.units import hours

VERDICTS = ("good", "suspect", "bad")
_GAP, _LOW_COVERAGE = 1 << 14, 1 << 15  # beside the bits of `Fault`


def judge_days(
    matrix: ReadingsMatrix, faults: np.ndarray, quarantined: np.ndarray, timezone: str, config: QualityConfig
) -> pd.DataFrame:
    """Judges each meter's local days.

    A day is good if all its readings are there and none has a fault, bad if too few of them are usable, and suspect
    otherwise. The first and the last day count in full, also where the readings begin or end within them.

    Args:
        matrix: Readings `[M, T]`.
        faults: `[M, T]` bits of `Fault`, without those that were released.
        quarantined: `[M, T]` mask of the readings that are kept out.
        timezone: IANA name of the local time.
        config: Thresholds.

    Returns:
        One row a meter and day: `meter_id`, `day` (local date), `expected`, `present` and `quarantined` (counts of
        readings), `coverage` (usable share of the expected ones), `longest_gap_hours` (without a usable reading,
        within the day), a count of readings for each name in `FAULT_NAMES`, `verdict` and `reasons`.
    """
    days = find_local_days(matrix, timezone)
    present = days.pad(np.isfinite(matrix.kwh))
    kept_out, faults = days.pad(quarantined), days.pad(faults)
    usable = present & ~kept_out
    coverage = _count(usable, days) / days.expected
    found = np.bitwise_or.reduceat(faults, days.starts, axis=1)
    found |= np.where(coverage < 1, np.uint16(_GAP), np.uint16(0))
    found |= np.where(coverage < config.min_day_coverage, np.uint16(_LOW_COVERAGE), np.uint16(0))
    verdict = np.where(found == 0, 0, np.where(found & np.uint16(_LOW_COVERAGE), 2, 1))
    frame = pd.DataFrame(
        {
            "meter_id": np.repeat(matrix.meter_ids, len(days.days)),
            "day": np.tile(days.days.to_numpy(), len(matrix.meter_ids)),
            "expected": np.tile(days.expected, len(matrix.meter_ids)).astype(np.int32),
            "present": _count(present, days).ravel(),
            "quarantined": _count(kept_out, days).ravel(),
            "coverage": coverage.ravel(),
            "longest_gap_hours": (_longest_gaps(usable, days) * hours(matrix.resolution_minutes)).ravel(),
        }
    )
    counts = {name: _count_fault(faults, name, days).ravel() for name in FAULT_NAMES}
    texts = {"verdict": np.array(VERDICTS, dtype=object)[verdict.ravel()], "reasons": _reasons(found.ravel(), config)}
    return frame.assign(**counts, **texts)


def count_usable_days(days: pd.DataFrame, meters: int) -> np.ndarray:
    """How many days of each meter are not bad, `[M]`.

    Args:
        days: All rows of `judge_days`, in their order.
        meters: M.
    """
    return (days["verdict"] != "bad").to_numpy().reshape(meters, -1).sum(axis=1)


def _count(mask: np.ndarray, days: LocalDays) -> np.ndarray:
    return np.add.reduceat(mask, days.starts, axis=1, dtype=np.int32)


def _count_fault(faults: np.ndarray, name: str, days: LocalDays) -> np.ndarray:
    return _count((faults & np.uint16(parse_faults(name))) != 0, days)


def _longest_gaps(usable: np.ndarray, days: LocalDays) -> np.ndarray:
    """Intervals of the longest gap of each day, `[M, D]`: how far back the last usable reading of the day lies."""
    columns = np.arange(usable.shape[1], dtype=np.int32)
    before_day = np.repeat(days.starts - 1, days.expected).astype(np.int32)
    last_usable = np.maximum.accumulate(np.where(usable, columns, before_day), axis=1)
    return np.maximum.reduceat(columns - last_usable, days.starts, axis=1)


def _reasons(found: np.ndarray, config: QualityConfig) -> np.ndarray:
    distinct, rows = np.unique(found, return_inverse=True)
    names = {_GAP: "gap", _LOW_COVERAGE: f"coverage below {config.min_day_coverage:g}"}
    names |= {int(parse_faults(name)): fault_name(parse_faults(name)) for name in FAULT_NAMES}
    texts = ["; ".join(name for bit, name in names.items() if bits & bit) for bits in distinct.tolist()]
    return np.array(texts, dtype=object)[rows]
