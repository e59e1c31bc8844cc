"""Meter-days with what somebody found to be wrong with them: the labels of a dataset as true events."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from metrify.anomaly.evaluation.true_events import TrueEvents
from metrify.anomaly.kinds import Kind
from metrify.anomaly.meter_days import MeterDays
from metrify.readings.dataset import read_optional
from metrify.readings.labels import LABELS_FILE, UNKNOWN_KIND

_UNKNOWN = "unknown"


@dataclass(frozen=True, eq=False)
class LabelledEvents:
    """Labels as events, and how many labels became none.

    Each label is counted once: by its meter first, then by its time, then by its kind.

    Attributes:
        events: By day; a day that a label touches is in it as a whole. The kind is one of `Kind`, `other` or `unknown`.
        other_meters: Labels of meters that are not among those of the days, as where only some of them are judged.
        outside: Labels that touch no judged day.
        no_faults: Labels of vacancies, at which an alarm would be false.
    """

    events: TrueEvents
    other_meters: int
    outside: int
    no_faults: int


def read_labelled_events(dataset: Path, days: MeterDays) -> LabelledEvents | None:
    """What the labels of a dataset folder say of some days; None where the dataset has no labels."""
    labels = read_optional(dataset / LABELS_FILE)
    return None if labels is None else find_labelled_events(labels, days)


def find_labelled_events(labels: pd.DataFrame, days: MeterDays) -> LabelledEvents:
    """The events that labels tell of.

    Args:
        labels: `meter_id`, `start`, `end` and `kind`; see `metrify.readings.labels`.
        days: The judged days of some meters.
    """
    meters = pd.Index(days.matrix.meter_ids).get_indexer(pd.Index(labels["meter_id"]))
    begins, ends = days.touched(pd.DatetimeIndex(labels["start"]), pd.DatetimeIndex(labels["end"]))
    is_ours, is_inside = meters >= 0, begins < ends
    is_fault = (labels["kind"] != Kind.VACANCY.value).to_numpy()
    chosen = is_ours & is_inside & is_fault
    kinds = labels["kind"].replace(UNKNOWN_KIND, _UNKNOWN).to_numpy(str)
    return LabelledEvents(
        TrueEvents(meters[chosen], begins[chosen], ends[chosen], kinds[chosen]),
        other_meters=int((~is_ours).sum()),
        outside=int((is_ours & ~is_inside).sum()),
        no_faults=int((is_ours & is_inside & ~is_fault).sum()),
    )
