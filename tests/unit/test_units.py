import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrify.errors import ReadingsError
from metrify.units import HOURS_PER_DAY, MINUTES_PER_DAY, UNITS, hours, intervals_per_day, kwh_factor

DIVISORS_OF_A_DAY = [minutes for minutes in range(1, MINUTES_PER_DAY + 1) if MINUTES_PER_DAY % minutes == 0]


@pytest.mark.parametrize(("minutes", "expected"), [(15, 0.25), (30, 0.5), (60, 1.0), (1440, 24.0)])
def test_hours(minutes: int, expected: float) -> None:
    assert hours(minutes) == expected


@given(st.sampled_from(DIVISORS_OF_A_DAY))
def test_intervals_fill_a_day(minutes: int) -> None:
    assert intervals_per_day(minutes) * hours(minutes) == pytest.approx(HOURS_PER_DAY)


@pytest.mark.parametrize("minutes", [0, -15, 7, 1441, 2880])
def test_a_resolution_that_does_not_divide_a_day_is_refused(minutes: int) -> None:
    with pytest.raises(ReadingsError, match=f"{minutes} minutes") as raised:
        intervals_per_day(minutes)
    assert "15, 30 or 60" in raised.value.mend


@pytest.mark.parametrize(
    ("unit", "minutes", "expected"),
    [
        ("kWh", 15, 1.0),
        ("Wh", 15, 0.001),
        ("MWh", 15, 1000.0),
        ("kW", 60, 1.0),
        ("kW", 15, 0.25),
        ("W", 30, 0.0005),
        ("MW", 15, 250.0),
    ],
)
def test_kwh_factor(unit: str, minutes: int, expected: float) -> None:
    assert kwh_factor(unit, minutes) == pytest.approx(expected)


@given(st.sampled_from(["W", "kW", "MW"]), st.sampled_from(DIVISORS_OF_A_DAY))
def test_a_constant_power_gives_the_same_energy_a_day_at_every_resolution(unit: str, minutes: int) -> None:
    energy_a_day = kwh_factor(unit, minutes) * intervals_per_day(minutes)
    assert energy_a_day == pytest.approx(kwh_factor(unit, 60) * HOURS_PER_DAY)


@pytest.mark.parametrize("unit", ["kwh", "J", ""])
def test_an_unknown_unit_is_refused_and_the_known_ones_are_named(unit: str) -> None:
    with pytest.raises(ReadingsError) as raised:
        kwh_factor(unit, 15)
    assert repr(unit) in raised.value.problem
    assert all(known in raised.value.mend for known in UNITS)
