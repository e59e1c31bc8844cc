"""Events: anomalous days that belong together, with what they may be and what is at stake, ranked for field crews."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pandas as pd

from metrify.anomaly.detector_model import DayScores
from metrify.anomaly.evaluation import merge_alarms
from metrify.anomaly.fitting_kinds import fitting_kinds, guess_faults, sure_faults
from metrify.anomaly.kinds import OTHER, Kind
from metrify.anomaly.meter_days import ROWS_AT_ONCE, MeterDays
from metrify.features.judged_day import days_by_clock

EVENT_COLUMNS = (
    "rank",
    "meter_id",
    "start",
    "end",
    "days",
    "kind",
    "kind_share",
    "severity",
    "energy_kwh",
    "counted",
    "score",
    "is_open",
)
_KINDS = tuple(Kind)
_VACANT_SHARE = 0.5  # of all that a day may be, from which on the home counts as empty
_LEAST_VACANT_DAYS = 2  # a day out is no vacancy
_HIGH_DAYS, _MEDIUM_DAYS = 7.0, 1.0  # of the meter's usual energy at stake
_LEAST_USUAL_KWH = 1.0  # a day: what is at stake at an idle meter is measured by it


class Severity(StrEnum):
    """How soon somebody should look."""

    HIGH = "high"  # as much energy as of a week is at stake
    MEDIUM = "medium"  # as of a day
    LOW = "low"
    NONE = "none"  # no fault


@dataclass(frozen=True, eq=False)
class JudgedDays:
    """What is to be told of meter-days.

    Attributes:
        days: M meters and D days.
        scores: Of all of them.
        is_anomaly: `[M, D]` bool.
        missing_share: `[M, D]` of each day's readings; 0 where the meter has not begun.
    """

    days: MeterDays
    scores: DayScores
    is_anomaly: np.ndarray
    missing_share: np.ndarray


@dataclass(frozen=True, eq=False)
class _Readings:
    """Of an event by the local clock: `[H, T]` of the days before it, `[E, T]` of its own."""

    history: np.ndarray
    counted: np.ndarray
    is_over: bool

    @property
    def usual_kwh(self) -> float:
        """Of a day."""
        return float(np.nansum(_mean_where_measured(self.history)))

    @property
    def missed_kwh(self) -> float:
        """What is usual, less what was counted."""
        usual = _mean_where_measured(self.history)
        return float(np.nansum(np.where(np.isfinite(self.counted), usual - self.counted, usual)))

    def guess(self, share: np.ndarray) -> tuple[str, float]:
        """The kind, and how likely it is."""
        fits = fitting_kinds(self.history[None], self.counted[None], np.array([self.is_over]))
        kind = str(guess_faults(share[None], fits)[0])
        return kind, 0.0 if kind == OTHER else float(share[_KINDS.index(Kind(kind))])


def find_events(judged: JudgedDays, max_gap_days: int, max_missing_share: float) -> pd.DataFrame:
    """Merges days into events, the most urgent first.

    A day counts if it is anomalous, if it is so whatever its score (see `sure_faults`), if more of its readings are
    missing than can be judged, or if the home seems to be empty for days. The kind is the one that the days of the
    event are most like on average, of those that their readings allow; where too many readings are missing, it is that.

    Args:
        judged: The days and their scores.
        max_gap_days: Days of one event are at most so many days apart.
        max_missing_share: A day with more readings missing is not judged by its score.

    Returns:
        `EVENT_COLUMNS`, an event a row. `start` and `end` are UTC, the beginning of the first day and the end of the
        last. `energy_kwh` is what the meter counted less, or more, than is usual by its clock times in the days before
        the event, and `counted` says which, `less` or `more`; a missing reading counts as if nothing had been counted.
        `kind` is of `Kind`, or `other`, with a `kind_share` of 0, where no kind fits the readings. `score` is the
        highest one, NaN where no day has one. `is_open` says that it lasts until the last day.
    """
    unread = judged.missing_share > max_missing_share
    faulty = judged.is_anomaly | _sure(judged.days) | unread
    empty = _vacant(judged, ~faulty)
    rows = [
        row
        for mask, of_vacancy in ((faulty, False), (empty, True))
        for row in _rows_of(judged, mask, unread, max_gap_days, of_vacancy)
    ]
    table = pd.DataFrame(rows, columns=list(EVENT_COLUMNS[1:]))
    order = list(Severity)
    urgency = table["severity"].map(lambda name: order.index(Severity(name)))
    table = table.assign(urgency=urgency).sort_values(
        ["urgency", "is_open", "energy_kwh", "score"], ascending=[True, False, False, False], ignore_index=True
    )
    table.insert(0, "rank", np.arange(1, len(table) + 1))
    return table[list(EVENT_COLUMNS)]


def _sure(days: MeterDays) -> np.ndarray:
    """`[M, D]` days that are anomalous whatever their score."""
    lowest, highest = days.extremes()
    found = np.zeros(days.shape, bool)
    meters, numbers = np.nonzero((lowest < 0) | ((lowest == 0) & (highest == 0)))
    for first in range(0, len(meters), ROWS_AT_ONCE):
        part = meters[first : first + ROWS_AT_ONCE], numbers[first : first + ROWS_AT_ONCE]
        by_clock = days_by_clock(days.batch(*part))
        found[part] = sure_faults(by_clock[:, :-1], by_clock[:, -1:])
    return found & days.is_known()


def _vacant(judged: JudgedDays, others: np.ndarray) -> np.ndarray:
    """`[M, D]` days among some others than those of faults, of a run in which the home seems to be empty."""
    vacant = (judged.scores.kind_share[..., _KINDS.index(Kind.VACANCY)] > _VACANT_SHARE) & others
    runs = merge_alarms(vacant, np.ones_like(vacant), 1)
    kept = np.zeros_like(vacant)
    for meter, begin, end in zip(runs.meters, runs.begins, runs.ends, strict=True):
        kept[meter, begin:end] = end - begin >= _LEAST_VACANT_DAYS
    return kept


def _rows_of(
    judged: JudgedDays, mask: np.ndarray, unread: np.ndarray, max_gap_days: int, of_vacancy: bool
) -> list[tuple[object, ...]]:
    days, scores = judged.days, judged.scores
    merged = merge_alarms(mask, np.ones_like(mask), max_gap_days)
    rows: list[tuple[object, ...]] = []
    for meter, begin, end in zip(merged.meters.tolist(), merged.begins.tolist(), merged.ends.tolist(), strict=True):
        numbers = np.arange(begin, end)
        by_clock = days_by_clock(days.batch(np.full(len(numbers), meter), numbers))
        readings = _Readings(by_clock[0, :-1], by_clock[:, -1], is_over=end < days.shape[1])
        counted = mask[meter, begin:end]
        share = scores.kind_share[meter, begin:end][counted].mean(axis=0)
        if of_vacancy:
            kind, certainty = Kind.VACANCY.value, float(share[_KINDS.index(Kind.VACANCY)])
        elif unread[meter, begin:end][counted].mean() > 1 / 2:
            kind, certainty = Kind.BURST.value, 1.0
        else:
            kind, certainty = readings.guess(share)
        missed = readings.missed_kwh
        rows.append(
            (
                str(days.matrix.meter_ids[meter]),
                days.begins[begin],
                days.ends[end - 1],
                end - begin,
                kind,
                round(certainty, 3),
                _severity(kind, abs(missed), readings.usual_kwh).value,
                round(abs(missed), 3),
                "less" if missed >= 0 else "more",
                round(_highest(scores.score[meter, begin:end]), 3),
                end == days.shape[1],
            )
        )
    return rows


def _highest(scores: np.ndarray) -> float:
    return float(np.nanmax(scores)) if np.isfinite(scores).any() else float("nan")


def _mean_where_measured(history: np.ndarray) -> np.ndarray:
    """`[T]` means of the clock times of days `[D, T]`; NaN where nothing was measured."""
    measured = np.isfinite(history)
    counts = measured.sum(axis=0)
    return np.where(counts > 0, np.where(measured, history, 0).sum(axis=0) / np.maximum(counts, 1), np.nan)


def _severity(kind: str, energy: float, usual: float) -> Severity:
    if kind == Kind.VACANCY:
        return Severity.NONE
    days_at_stake = energy / max(abs(usual), _LEAST_USUAL_KWH)
    if days_at_stake >= _HIGH_DAYS:
        return Severity.HIGH
    return Severity.MEDIUM if days_at_stake >= _MEDIUM_DAYS else Severity.LOW
