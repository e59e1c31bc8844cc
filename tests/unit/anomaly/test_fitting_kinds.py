"""Facts that rule kinds out."""

import numpy as np
import pytest

from metrify.anomaly.fitting_kinds import fitting_kinds, guess_faults, sure_faults
from metrify.anomaly.inject_faults import inject_faults
from metrify.anomaly.kinds import FAULTS, OTHER, Kind

KINDS = tuple(Kind)
DAY, DAYS = 24, 28


def ordinary(days: int, seed: int = 0) -> np.ndarray:
    """`[1, days, DAY]` kWh: noise on a profile, so that no two readings are alike."""
    rng = np.random.default_rng(seed)
    profile = 1 + 0.5 * np.sin(np.linspace(0, 2 * np.pi, DAY))
    return (profile * rng.uniform(0.9, 1.1, (days, DAY)))[None]


def fits(judged: np.ndarray, history: np.ndarray | None = None, is_over: bool = False) -> set[Kind]:
    before = ordinary(DAYS) if history is None else history
    (row,) = fitting_kinds(before, judged, np.array([is_over]))
    return {kind for kind, fit in zip(KINDS, row, strict=True) if fit}


def test_days_of_zeros_are_those_of_a_dead_meter_or_an_empty_home() -> None:
    assert fits(np.zeros((1, 3, DAY))) == {Kind.ZERO, Kind.VACANCY}


def test_new_negative_readings_are_reversed_and_nothing_else() -> None:
    assert fits(-ordinary(2)) == {Kind.REVERSED}
    negative = -ordinary(1)
    negative[0, 0, 3] = np.nan
    assert fits(negative) == {Kind.REVERSED, Kind.BURST}


def test_a_home_that_feeds_in_may_lose_load_too() -> None:
    history = ordinary(DAYS)
    history[:, :, 12] = -1
    assert fits(history[:, :2] * 0.5, history) >= {Kind.REVERSED, Kind.THEFT, Kind.PHASE_LOSS}


def test_where_more_is_counted_nothing_is_stolen() -> None:
    assert fits(ordinary(3) * 1.4) == {Kind.CLOCK_SHIFT}
    assert fits(ordinary(3) * 1.6) == set()
    spiky = ordinary(3)
    spiky[0, 1, 7] *= 4
    assert Kind.SPIKE in fits(spiky)


def test_what_lasts_for_weeks_is_not_over_after_a_day() -> None:
    lower = ordinary(1) * 0.5
    assert Kind.THEFT in fits(lower) and Kind.THEFT not in fits(lower, is_over=True)
    assert Kind.THEFT in fits(ordinary(2) * 0.5, is_over=True)


def test_no_reading_at_all_is_a_burst() -> None:
    assert fits(np.full((1, 1, DAY), np.nan)) == {Kind.BURST}


@pytest.mark.parametrize("kind", [kind for kind in FAULTS if kind is not Kind.CLOCK_SHIFT])
def test_the_kind_of_an_injected_fault_fits_its_days(kind: Kind) -> None:
    kwh = ordinary(140).reshape(1, -1)
    changed, (fault,) = inject_faults(kwh, 60, [0], [kind], (DAYS * DAY, 140 * DAY), seed=1)
    first, last = fault.begin // DAY, -(-fault.end // DAY)
    by_day = changed.reshape(1, -1, DAY)
    assert kind in fits(by_day[:, first:last], by_day[:, first - DAYS : first])


def test_the_likeliest_kind_that_fits_is_told_and_other_where_none_does() -> None:
    share = np.array([[0.1] * len(KINDS)] * 2)
    share[:, KINDS.index(Kind.THEFT)] = 0.5
    allowed = np.zeros((2, len(KINDS)), bool)
    assert guess_faults(share[:1] / 100, ~allowed[:1]).tolist() == [OTHER]  # all are far-fetched
    allowed[0, [KINDS.index(Kind.THEFT), KINDS.index(Kind.ZERO)]] = True
    allowed[1, KINDS.index(Kind.VACANCY)] = True  # is no fault
    assert guess_faults(share, allowed).tolist() == ["theft", OTHER]
    turned = [kind.value for kind in reversed(KINDS)]
    assert guess_faults(share[:, ::-1], allowed, turned).tolist() == ["theft", OTHER]


def test_some_days_are_anomalous_whatever_a_detector_says() -> None:
    history, zeros = ordinary(DAYS), np.zeros((1, 1, DAY))
    for judged, expected in ((zeros, True), (-ordinary(1), True), (ordinary(1), False)):
        assert sure_faults(history, judged).tolist() == [expected]
    history[0, 3, 4] = 0
    assert not sure_faults(history, zeros).any()
    history[0, 3, 4] = -1
    assert not sure_faults(history, -ordinary(1)).any()
