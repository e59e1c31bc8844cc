import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrify.anomaly.evaluation import Alarms, merge_alarms
from metrify.anomaly.evaluation.alarms import require_alarms_of
from metrify.errors import AnomalyError


def days_of(*meters: str) -> tuple[np.ndarray, np.ndarray]:
    """Anomalous and scored days: `x` is anomalous, `.` is not, and a blank was not scored."""
    letters = np.array([list(days) for days in meters])
    return letters == "x", letters != " "


def as_triples(alarms: Alarms) -> list[tuple[int, int, int]]:
    return list(zip(alarms.meters.tolist(), alarms.begins.tolist(), alarms.ends.tolist(), strict=True))


def merge_in_a_loop(anomalous: np.ndarray, scored: np.ndarray, max_gap_days: int) -> list[tuple[int, int, int]]:
    alarms: list[tuple[int, int, int]] = []
    for meter, days in enumerate(anomalous):
        normal = max_gap_days  # scored days since the last anomalous one
        for day, is_anomalous in enumerate(days):
            if is_anomalous and normal < max_gap_days and alarms and alarms[-1][0] == meter:
                alarms[-1] = (meter, alarms[-1][1], day + 1)
            elif is_anomalous:
                alarms.append((meter, day, day + 1))
            normal = 0 if is_anomalous else normal + scored[meter, day]
    return alarms


@pytest.mark.parametrize(
    ("days", "max_gap_days", "expected"),
    [
        ("xx.x", 1, [(0, 0, 2), (0, 3, 4)]),
        ("xx.x", 2, [(0, 0, 4)]),
        ("x..x", 2, [(0, 0, 1), (0, 3, 4)]),
        ("x..x", 3, [(0, 0, 4)]),
        (".xx.", 1, [(0, 1, 3)]),
        ("....", 9, []),
    ],
)
def test_days_at_most_the_gap_apart_are_one_alarm(
    days: str, max_gap_days: int, expected: list[tuple[int, int, int]]
) -> None:
    assert as_triples(merge_alarms(*days_of(days), max_gap_days)) == expected


def test_a_day_that_was_not_scored_does_not_end_an_alarm_and_is_no_end_of_one() -> None:
    assert as_triples(merge_alarms(*days_of(" x   x  "), 1)) == [(0, 1, 6)]
    assert as_triples(merge_alarms(*days_of("x . x"), 1)) == [(0, 0, 1), (0, 4, 5)]
    assert as_triples(merge_alarms(*days_of("x . x"), 2)) == [(0, 0, 5)]


def test_the_last_day_of_a_meter_is_not_merged_with_the_first_of_the_next() -> None:
    assert as_triples(merge_alarms(*days_of("..x", "x..", "..."), 5)) == [(0, 2, 3), (1, 0, 1)]


@given(st.integers(0, 2**32 - 1), st.integers(1, 5), st.floats(0, 1), st.floats(0, 1))
def test_alarms_are_those_of_a_loop_over_meters_and_days(
    seed: int, max_gap_days: int, anomalous_share: float, missing: float
) -> None:
    generator = np.random.default_rng(seed)
    scored = generator.random((3, 12)) >= missing
    anomalous = scored & (generator.random(scored.shape) < anomalous_share)
    alarms = merge_alarms(anomalous, scored, max_gap_days)
    assert as_triples(alarms) == merge_in_a_loop(anomalous, scored, max_gap_days)
    require_alarms_of(alarms, anomalous)


def test_a_gap_of_no_day_is_refused() -> None:
    with pytest.raises(AnomalyError, match="can't lie 0 days apart"):
        merge_alarms(*days_of("x"), 0)


def test_anomalous_days_need_a_score() -> None:
    anomalous, scored = days_of("xx")
    scored[0, 1] = False
    with pytest.raises(AnomalyError, match="1 days are anomalous and were not scored"):
        merge_alarms(anomalous, scored, 1)
    with pytest.raises(AnomalyError, match=r"shape \[1, 2\] and scored days \[2, 1\]"):
        merge_alarms(anomalous, scored.T, 1)
    with pytest.raises(AnomalyError, match=r"shape \[2\]"):
        merge_alarms(anomalous[0], scored[0], 1)


def test_alarms_of_other_days_are_refused() -> None:
    anomalous, scored = days_of("x.x")
    alarms = merge_alarms(anomalous, scored, 1)
    with pytest.raises(AnomalyError, match="1 of 1 anomalous days, and 1 have none"):
        require_alarms_of(alarms, days_of("x..")[0])
    with pytest.raises(AnomalyError, match="2 of 3 anomalous days, and 0 have none"):
        require_alarms_of(alarms, days_of("xxx")[0])
