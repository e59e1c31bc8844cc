"""Faults that are put into measured readings."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrify.anomaly.inject_faults import SPANS, inject_faults
from metrify.anomaly.kinds import DESCRIPTIONS, FAULTS, OTHER, Kind
from metrify.errors import AnomalyError

DAYS, DAY = 120, 24
COLUMNS = (28 * DAY, DAYS * DAY)


def draw_loads(seed: int, meters: int = 3) -> np.ndarray:
    return np.random.default_rng(seed).uniform(0.1, 2, (meters, DAYS * DAY)).round(3).astype(np.float32)


@given(seed=st.integers(0, 2**31 - 1), kind=st.sampled_from(list(Kind)))
@settings(max_examples=60)
def test_a_fault_changes_its_own_readings_alone_and_lasts_as_long_as_its_kind_says(seed: int, kind: Kind) -> None:
    loads = draw_loads(seed)
    changed, (fault,) = inject_faults(loads, 60, [1], [kind], COLUMNS, seed)
    inside = np.zeros(loads.shape, bool)
    inside[fault.meter, fault.begin : fault.end] = True
    np.testing.assert_array_equal(changed[~inside], loads[~inside])
    assert COLUMNS[0] <= fault.begin < fault.end <= COLUMNS[1]
    assert max(SPANS[kind].shortest_hours, 1) <= fault.end - fault.begin <= max(SPANS[kind].longest_hours, 1)
    assert (changed[inside] != loads[inside]).any()


@pytest.mark.parametrize(
    ("kind", "low", "high"),
    [
        (Kind.ZERO, 0, 0),
        (Kind.SPIKE, 4, 10),
        (Kind.THEFT, 0.3, 0.8),
        (Kind.PHASE_LOSS, 0.67, 0.67),
        (Kind.REVERSED, -1, -1),
        (Kind.DEGRADATION, 0.8, 1),
    ],
)
def test_scaled_loads_are_scaled_by_what_the_kind_says(kind: Kind, low: float, high: float) -> None:
    loads = draw_loads(5, 20)
    changed, faults = inject_faults(loads, 60, range(20), [kind], COLUMNS, 0)
    for fault in faults:
        share = changed[fault.meter, fault.begin : fault.end] / loads[fault.meter, fault.begin : fault.end]
        assert low - 0.01 <= share.min() and share.max() <= high + 0.01


def test_a_stuck_meter_repeats_one_reading() -> None:
    changed, (fault,) = inject_faults(draw_loads(1), 60, [0], [Kind.STUCK], COLUMNS, 1)
    values = changed[0, fault.begin : fault.end]
    assert len(np.unique(values)) == 1 and values[0] > 0


def test_a_shifted_clock_shows_the_meter_s_own_load_at_another_hour() -> None:
    loads = draw_loads(2)
    changed, (fault,) = inject_faults(loads, 60, [0], [Kind.CLOCK_SHIFT], (28 * DAY, 110 * DAY), 2)
    shown = changed[0, fault.begin : fault.end]
    moved = [
        hours for hours in range(-6, 7) if np.array_equal(shown, loads[0, fault.begin + hours : fault.end + hours])
    ]
    assert len(moved) == 1 and moved != [0]


def test_missing_readings_stay_missing_and_a_spike_is_of_a_measured_one() -> None:
    loads = draw_loads(3)
    loads[:, ::2] = np.nan
    for kind in (Kind.THEFT, Kind.VACANCY, Kind.PHASE_LOSS):
        changed, _ = inject_faults(loads, 60, [0], [kind], COLUMNS, 3)
        assert np.isnan(changed[0, ::2]).all()
    changed, (fault,) = inject_faults(loads, 60, [0], [Kind.SPIKE], COLUMNS, 3)
    assert changed[0, fault.begin] > loads[0, fault.begin]


def test_an_empty_home_uses_what_it_uses_in_its_quiet_hours() -> None:
    hours = np.arange(DAYS * DAY) % DAY
    loads = np.where(hours < 6, 0.1, 1.5)[None].astype(np.float32)
    changed, (fault,) = inject_faults(loads, 60, [0], [Kind.VACANCY], COLUMNS, 4)
    np.testing.assert_allclose(changed[0, fault.begin : fault.end], 0.1)


def test_kinds_take_turns_and_the_seed_decides_all() -> None:
    loads = draw_loads(6, 16)
    first, faults = inject_faults(loads, 60, range(16), FAULTS[:8], COLUMNS, 9)
    assert sorted(fault.kind for fault in faults) == sorted(2 * FAULTS[:8])
    again, _ = inject_faults(loads, 60, range(16), FAULTS[:8], COLUMNS, 9)
    other, _ = inject_faults(loads, 60, range(16), FAULTS[:8], COLUMNS, 10)
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other, equal_nan=True)


def test_half_hourly_readings_have_faults_of_the_same_hours() -> None:
    loads = np.repeat(draw_loads(7), 2, axis=1)
    _, (fault,) = inject_faults(loads, 30, [0], [Kind.DEGRADATION], (0, loads.shape[1]), 0)
    assert fault.end - fault.begin == 60 * 48


def test_readings_that_are_too_short_for_a_fault_are_refused() -> None:
    with pytest.raises(AnomalyError, match="1440 intervals does not fit"):
        inject_faults(draw_loads(8), 60, [0], [Kind.DEGRADATION], (0, 59 * DAY), 0)


def test_each_kind_tells_what_to_do() -> None:
    assert set(DESCRIPTIONS) == {*Kind, OTHER}


@pytest.mark.parametrize("step", [0.1, 0.001, None])
def test_changed_readings_have_the_digits_of_the_others(step: float | None) -> None:
    loads = draw_loads(1)
    loads = loads * np.pi if step is None else np.round(loads / step) * step
    changed, (fault,) = inject_faults(loads.astype(np.float32), 60, [0], [Kind.PHASE_LOSS], COLUMNS, 3)
    touched = changed[0, fault.begin : fault.end]
    before = loads[0, fault.begin : fault.end]
    if step is None:
        np.testing.assert_allclose(touched, 0.67 * before, rtol=1e-5)
    else:
        np.testing.assert_allclose(touched / step, np.round(touched / step), atol=1e-3)
        np.testing.assert_allclose(touched, 0.67 * before, atol=step)


def test_an_empty_home_uses_what_it_uses_at_quiet_hours_also_where_readings_are_missing() -> None:
    loads = np.full((1, 120 * DAY), 0.3)
    evening = np.arange(120 * DAY) % DAY >= 18
    loads[0, evening] = 0.55
    loads[0, evening & (np.random.default_rng(0).random(120 * DAY) < 0.6)] = np.nan
    changed, (fault,) = inject_faults(loads, 60, [0], [Kind.VACANCY], COLUMNS, 4)
    touched = changed[0, fault.begin : fault.end]
    np.testing.assert_allclose(touched[np.isfinite(touched)], 0.3, rtol=1e-5)
