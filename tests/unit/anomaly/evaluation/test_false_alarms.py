import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrify.anomaly.evaluation import Alarms, FalseAlarms, count_false_alarms, merge_alarms
from metrify.errors import AnomalyError

from .made_up import draw_events, events_of

MONTH = 365.25 / 12


def test_alarms_outside_of_events_are_false_and_time_is_that_of_their_scored_days() -> None:
    scored = np.ones((2, 12), bool)
    scored[0, 7:9] = False
    anomalous = np.zeros_like(scored)
    anomalous[0, [0, 1, 4, 10]] = True
    anomalous[1, 5] = True
    found = count_false_alarms(merge_alarms(anomalous, scored, 1), anomalous, events_of((0, 3, 8)), scored)
    assert found.counts.tolist() == [2, 1]
    np.testing.assert_allclose(found.meter_months, [(12 - 5 - 1) / MONTH, 12 / MONTH])
    assert found.per_meter_month == pytest.approx(3 / (18 / MONTH))


def test_an_alarm_with_one_day_in_an_event_is_not_false() -> None:
    anomalous, scored = np.array([[True, True, True, False]]), np.ones((1, 4), bool)
    alarms = merge_alarms(anomalous, scored, 1)
    assert count_false_alarms(alarms, anomalous, events_of((0, 2, 4)), scored).counts.tolist() == [0]
    assert count_false_alarms(alarms, anomalous, events_of((0, 3, 4)), scored).counts.tolist() == [1]


def test_an_alarm_that_only_reaches_across_an_event_is_false() -> None:
    anomalous, scored = np.array([[True, False, False, True]]), np.ones((1, 4), bool)
    alarms = merge_alarms(anomalous, scored, 3)
    assert len(alarms) == 1
    assert count_false_alarms(alarms, anomalous, events_of((0, 1, 3)), scored).counts.tolist() == [1]


def test_without_events_every_alarm_is_false() -> None:
    anomalous, scored = np.array([[True, False, True]]), np.ones((1, 3), bool)
    found = count_false_alarms(merge_alarms(anomalous, scored, 1), anomalous, events_of(), scored)
    assert (found.counts.tolist(), found.meter_months.tolist()) == ([2], [pytest.approx(3 / MONTH)])


@given(st.integers(0, 2**32 - 1), st.integers(1, 4))
def test_counts_are_those_of_a_loop_over_alarms(seed: int, max_gap_days: int) -> None:
    generator, shape = np.random.default_rng(seed), (4, 20)
    scored = generator.random(shape) < 0.8
    anomalous = scored & (generator.random(shape) < 0.2)
    events = draw_events(shape, 3, seed)
    alarms = merge_alarms(anomalous, scored, max_gap_days)
    counts = np.zeros(4, int)
    for meter, begin, end in zip(alarms.meters, alarms.begins, alarms.ends, strict=True):
        days = set(np.flatnonzero(anomalous[meter])) & set(range(begin, end))
        own = np.flatnonzero(events.meters == meter)
        counts[meter] += not any(day in range(events.begins[e], events.ends[e]) for day in days for e in own)
    assert count_false_alarms(alarms, anomalous, events, scored).counts.tolist() == counts.tolist()


def test_no_time_gives_no_rate() -> None:
    with pytest.raises(AnomalyError, match="No scored day lies outside of the true events"):
        _ = FalseAlarms(np.array([0, 0]), np.zeros(2)).per_meter_month


def test_days_without_a_score_and_alarms_of_other_days_are_refused() -> None:
    anomalous, scored = np.array([[True, False]]), np.ones((1, 2), bool)
    alarms = merge_alarms(anomalous, scored, 1)
    with pytest.raises(AnomalyError, match="1 days are anomalous and were not scored"):
        count_false_alarms(alarms, anomalous, events_of(), ~scored)
    with pytest.raises(AnomalyError, match="0 of 1 anomalous days"):
        count_false_alarms(Alarms(alarms.meters, alarms.begins + 1, alarms.ends + 1), anomalous, events_of(), scored)
