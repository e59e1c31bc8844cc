"""Events as field crews read them."""

import numpy as np
import pandas as pd
import pytest

from metrify.anomaly.detector_model import DayScores
from metrify.anomaly.events import EVENT_COLUMNS, JudgedDays, find_events
from metrify.anomaly.kinds import Kind
from metrify.anomaly.meter_days import MeterDays, find_meter_days
from tests.unit.anomaly.made_up_days import DAY, make_up_matrix

KINDS = tuple(Kind)


def judge(days: MeterDays, called: dict[tuple[int, int, int], Kind]) -> JudgedDays:
    """Days of which some are called anomalous: meter, first day and end, by their kind."""
    share = np.full((*days.shape, len(KINDS)), 0.01, np.float32)
    score, is_anomaly = np.zeros(days.shape, np.float32), np.zeros(days.shape, bool)
    for (meter, begin, end), kind in called.items():
        share[meter, begin:end, KINDS.index(kind)] = 0.8
        if kind is not Kind.VACANCY:
            score[meter, begin:end], is_anomaly[meter, begin:end] = 2.0, True
    return JudgedDays(days, DayScores(score, share, is_anomaly), is_anomaly, days.missing_share())


@pytest.fixture
def days() -> MeterDays:
    matrix = make_up_matrix(4, 90)
    matrix.kwh[:] = np.tile(np.linspace(0.5, 1.5, DAY), 90)
    return find_meter_days(matrix, 28, "Europe/London", "GB")


def place(days: MeterDays, day: int) -> slice:
    first = days.columns[0]
    return slice(first + day * DAY, first + (day + 1) * DAY)


def test_an_event_has_its_time_kind_and_the_energy_that_was_not_counted(days: MeterDays) -> None:
    for day in range(10, 20):
        days.matrix.kwh[1, place(days, day)] *= 0.25
    events = find_events(judge(days, {(1, 10, 14): Kind.THEFT, (1, 15, 20): Kind.THEFT}), 2, 0.5)
    assert tuple(events) == EVENT_COLUMNS and len(events) == 1  # one ordinary day does not end it
    event = events.iloc[0]
    assert (event["meter_id"], event["kind"], event["days"], event["is_open"]) == ("meter-1", "theft", 10, False)
    assert event["energy_kwh"] == pytest.approx(10 * 24 * 0.75, abs=0.01)
    assert event["counted"] == "less"
    assert event["severity"] == "high"  # as much as of seven days and a half
    assert (event["start"], event["end"]) == (
        pd.Timestamp("2024-02-08", tz="UTC"),
        pd.Timestamp("2024-02-18", tz="UTC"),
    )


def test_the_most_urgent_event_comes_first_and_an_empty_home_last(days: MeterDays) -> None:
    days.matrix.kwh[0, place(days, 5)] *= 0.9
    for day in range(30, days.shape[1]):
        days.matrix.kwh[2, place(days, day)] = 0
    called = {(0, 5, 6): Kind.PHASE_LOSS, (2, 30, days.shape[1]): Kind.ZERO, (3, 8, 12): Kind.VACANCY}
    events = find_events(judge(days, called), 2, 0.5)
    assert events["rank"].tolist() == [1, 2, 3]
    assert events["kind"].tolist() == ["zero", "phase_loss", "vacancy"]
    assert events["severity"].tolist() == ["high", "low", "none"]
    assert events["is_open"].tolist() == [True, False, False]


def test_a_day_whose_readings_are_missing_is_listed_as_such_and_not_by_its_score(days: MeterDays) -> None:
    days.matrix.kwh[1, place(days, 7)] = np.nan
    events = find_events(judge(days, {(1, 7, 8): Kind.THEFT}), 2, 0.5)
    assert events["kind"].tolist() == ["burst"]
    assert events["energy_kwh"].tolist() == [pytest.approx(24, abs=0.01)]
    short = days.matrix.kwh.copy()
    short[1, place(days, 7)] = 1
    short[1, place(days, 7)][:6] = np.nan
    assert find_events(judge(days.with_kwh(short), {}), 2, 0.5).empty


def test_one_day_out_is_no_vacancy(days: MeterDays) -> None:
    assert find_events(judge(days, {(0, 3, 4): Kind.VACANCY}), 2, 0.5).empty


def test_a_meter_that_falls_silent_is_one_event_that_goes_on(days: MeterDays) -> None:
    kwh = days.matrix.kwh.copy()
    kwh[1, place(days, 20).start :] = np.nan
    silent = days.with_kwh(kwh)
    events = find_events(judge(silent, {}), 2, 0.5)
    assert events[["meter_id", "kind", "days", "is_open"]].to_numpy().tolist() == [
        ["meter-1", "burst", days.shape[1] - 20, True]
    ]


def test_an_anomalous_day_amid_a_vacancy_is_a_fault_and_one_day_of_the_rest_no_vacancy(days: MeterDays) -> None:
    judged = judge(days, {(0, 3, 5): Kind.VACANCY})
    judged.is_anomaly[0, 4] = True
    judged.scores.kind_share[0, 4, KINDS.index(Kind.ZERO)] = 0.2
    days.matrix.kwh[0, place(days, 4)] = 0
    events = find_events(judged, 2, 0.5)
    assert events["kind"].tolist() == ["zero"] and events["kind_share"].tolist() == [0.2]


@pytest.mark.parametrize("usual", [-3.0, 0.0])
def test_what_is_at_stake_counts_also_where_the_usual_load_is_not_positive(days: MeterDays, usual: float) -> None:
    kwh = days.matrix.kwh.copy()
    kwh[2] = usual / DAY
    kwh[2, place(days, 30)] = 20
    events = find_events(judge(days.with_kwh(kwh), {(2, 30, 31): Kind.SPIKE}), 2, 0.5)
    assert events[["severity", "counted"]].to_numpy().tolist() == [["high", "more"]]


def test_a_kind_that_the_readings_rule_out_is_not_guessed(days: MeterDays) -> None:
    for day in range(10, 14):
        days.matrix.kwh[1, place(days, day)] *= 1.5
    events = find_events(judge(days, {(1, 10, 14): Kind.THEFT, (2, 20, 21): Kind.THEFT}), 2, 0.5)
    assert "theft" not in set(events["kind"])  # more than before, or over after one day


def test_an_event_that_fits_no_kind_is_called_other(days: MeterDays) -> None:
    for day in range(10, 14):
        days.matrix.kwh[1, place(days, day)] *= 1.8
    events = find_events(judge(days, {(1, 10, 14): Kind.THEFT}), 2, 0.5)
    assert events[["kind", "kind_share", "counted"]].to_numpy().tolist() == [["other", 0.0, "more"]]


def test_new_negative_readings_are_listed_whatever_their_score(days: MeterDays) -> None:
    days.matrix.kwh[1, place(days, 12)] *= -1
    events = find_events(judge(days, {}), 2, 0.5)
    assert events[["meter_id", "kind", "days"]].to_numpy().tolist() == [["meter-1", "reversed", 1]]
