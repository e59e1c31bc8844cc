import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrify.anomaly.evaluation import EventMetrics, TrueEvents, judge_alarms, merge_alarms
from metrify.errors import AnomalyError

from .made_up import draw_events, events_of

MONTH = 365.25 / 12


def judge(anomalous: np.ndarray, events: TrueEvents, max_gap_days: int = 1) -> EventMetrics:
    scored = np.ones(anomalous.shape, bool)
    return judge_alarms(merge_alarms(anomalous, scored, max_gap_days), anomalous, events, scored)


def test_the_metrics_by_hand() -> None:
    anomalous = np.zeros((2, 10), bool)
    anomalous[0, [0, 1, 5, 9]] = True  # three alarms: false, in an event, false
    anomalous[1, [2, 3, 4]] = True  # one alarm, which finds two events
    events = TrueEvents(
        np.array([0, 1, 1, 1]),
        np.array([5, 1, 4, 8]),
        np.array([8, 3, 6, 9]),
        np.array(["theft", "zero", "theft", "zero"]),
    )
    assert judge(anomalous, events) == EventMetrics(
        events=4,
        recall=0.75,
        recall_by_kind={"theft": 1.0, "zero": 0.5},
        alarms=4,
        false_alarms=2,
        false_alarms_per_meter_month=pytest.approx(2 / ((7 + 5) / MONTH)),
        precision=0.5,
        f1=pytest.approx(2 * 0.75 * 0.5 / 1.25),
    )


def test_an_alarm_that_reaches_across_an_event_has_not_found_it() -> None:
    metrics = judge(np.array([[True, False, False, True, False]]), events_of((0, 1, 3)), max_gap_days=3)
    assert (metrics.alarms, metrics.recall, metrics.precision) == (1, 0, 0)


def test_the_length_of_an_event_does_not_matter() -> None:
    anomalous = np.zeros((1, 100), bool)
    anomalous[0, 95] = True
    metrics = judge(anomalous, events_of((0, 0, 90), (0, 95, 96)))
    assert (metrics.recall, metrics.precision) == (0.5, 1)


def test_several_alarms_in_an_event_find_it_once_and_are_all_precise() -> None:
    anomalous = np.array([[True, False, True, False, True, False]])
    metrics = judge(anomalous, events_of((0, 0, 5)))
    assert (metrics.alarms, metrics.recall, metrics.precision, metrics.f1) == (3, 1, 1, 1)


def test_without_an_alarm_there_is_no_precision() -> None:
    metrics = judge(np.zeros((1, 5), bool), events_of((0, 0, 2)))
    assert np.isnan(metrics.precision)
    assert (metrics.recall, metrics.f1, metrics.false_alarms_per_meter_month) == (0, 0, 0)


def test_false_alarms_alone_give_zero() -> None:
    metrics = judge(np.array([[False, False, True]]), events_of((0, 0, 2)))
    assert (metrics.recall, metrics.precision, metrics.f1) == (0, 0, 0)


def test_an_event_that_could_not_be_scored_was_not_found() -> None:
    scored = np.array([[False, False, True, True]])
    anomalous = np.array([[False, False, True, False]])
    alarms = merge_alarms(anomalous, scored, 1)
    assert judge_alarms(alarms, anomalous, events_of((0, 0, 2), (0, 2, 3)), scored).recall == 0.5


@given(st.integers(0, 2**32 - 1))
def test_kinds_add_up_and_another_anomalous_day_in_an_event_never_harms(seed: int) -> None:
    generator, shape = np.random.default_rng(seed), (4, 40)
    anomalous, events = generator.random(shape) < 0.05, draw_events(shape, 6, seed)
    metrics = judge(anomalous, events)
    sizes = {str(kind): (events.kinds == kind).sum() for kind in events.kinds}
    found = sum(metrics.recall_by_kind[kind] * size for kind, size in sizes.items())
    assert metrics.recall * metrics.events == pytest.approx(found)
    anomalous[events.meters[0], events.begins[0]] = True
    better = judge(anomalous, events)
    assert better.recall >= metrics.recall
    assert better.false_alarms <= metrics.false_alarms
    assert better.recall_by_kind[str(events.kinds[0])] > 0


def test_nothing_to_be_found_is_refused() -> None:
    with pytest.raises(AnomalyError, match="no true event to be found") as raised:
        judge(np.zeros((1, 5), bool), events_of())
    assert "count_false_alarms" in raised.value.mend


def test_events_without_time_between_them_are_refused() -> None:
    with pytest.raises(AnomalyError, match="No scored day lies outside"):
        judge(np.zeros((1, 5), bool), events_of((0, 0, 5)))
