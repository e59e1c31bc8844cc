import numpy as np
import pytest

from metrify.anomaly.evaluation import TrueEvents
from metrify.errors import AnomalyError

from .made_up import events_of


def test_days_from_the_first_to_the_one_before_the_end_are_labelled() -> None:
    events = events_of((0, 1, 3), (1, 2, 4))
    assert events.labels((2, 4)).astype(int).tolist() == [[0, 1, 1, 0], [0, 0, 1, 1]]


def test_no_event_labels_no_day() -> None:
    events = events_of()
    assert len(events) == 0
    assert not events.labels((2, 4)).any()


def test_a_kind_for_each_event_is_needed() -> None:
    one = np.array([1])
    with pytest.raises(AnomalyError, match=r"kinds of shape \[2\] for 1 events") as raised:
        TrueEvents(one, one, one + 1, np.array(["zero", "theft"]))
    assert raised.value.mend == "Give one kind for each event."


def test_an_event_without_a_day_is_refused_as_any_span() -> None:
    with pytest.raises(AnomalyError, match="end no later than they begin"):
        events_of((0, 3, 3))
