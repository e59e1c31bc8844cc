"""What setpoints come to."""

from dataclasses import replace

import numpy as np
import pytest

from metrify.errors import GridError
from metrify.grid.feeder import Feeder, Profiles
from metrify.grid.setpoints import Setpoints
from metrify.grid.settlement import Settlement, settle
from metrify.grid.simbench_feeder import read_simbench_feeder
from metrify.grid.state import State, stored_energy
from metrify.grid.tariff import Tariff
from metrify.readings.sources.simbench import GRIDS

from .made_up_feeder import STEPS, ZONE, make_up_day, make_up_feeder

EMPTY = State(np.zeros(1), np.zeros(1), 0)


@pytest.fixture(scope="module")
def feeder() -> Feeder:
    return make_up_feeder()


@pytest.fixture
def day() -> Profiles:
    return make_up_day()


def run(feeder: Feeder, day: Profiles, **changes: np.ndarray) -> Settlement:
    setpoints = replace(Setpoints.nothing(feeder, len(day), 0), **changes)
    return settle(feeder, day, setpoints, EMPTY, Tariff(), ZONE)


def test_energy_costs_its_price_and_the_peak_its_part_of_the_year(feeder: Feeder, day: Profiles) -> None:
    found = run(feeder, day)
    expected = 6 * 40 * 0.12 + 4 * 40 * 0.35 + (14 * 40 - 4 * 30) * 0.22
    assert found.energy_eur == pytest.approx(expected)
    assert found.peak_kw == pytest.approx(found.flow.slack_kw.max())
    assert found.peak_eur == pytest.approx(found.peak_kw * 60 / (365 / 7) / 7)
    assert found.losses_kwh == pytest.approx((found.flow.slack_kw - (day.load_kw - day.pv_kw)[:, 0]).sum() / 4)
    assert found.cost_eur == pytest.approx(found.energy_eur + found.peak_eur + 0.22 * found.losses_kwh)
    assert found.violations == found.out_of_band == 0


def test_what_flows_out_is_paid_for_and_what_is_curtailed_is_not(feeder: Feeder, day: Profiles) -> None:
    sunny = replace(day, load_kw=0 * day.load_kw)
    assert run(feeder, sunny).energy_eur == pytest.approx(-4 * 30 * 0.08)
    half = run(feeder, sunny, curtailed_kw=sunny.pv_kw / 2)
    assert half.energy_eur == pytest.approx(-4 * 15 * 0.08) and half.curtailed_kwh == pytest.approx(60)
    assert half.peak_kw == 0


def test_a_battery_wears_and_what_it_holds_is_worth_something(feeder: Feeder, day: Profiles) -> None:
    charged = np.zeros((STEPS, 1))
    charged[:4], charged[72:76] = 40.0, -16.2
    found = run(feeder, day, battery_kw=charged)
    assert found.stored_kwh[4, 0] == pytest.approx(36) and found.stored_kwh[-1, 0] == pytest.approx(18)
    assert found.wear_eur == pytest.approx(56.2 * 0.02) and found.stored_eur == pytest.approx(-18 * 0.12)
    assert found.energy_eur == pytest.approx(run(feeder, day).energy_eur + 40 * 0.12 - 16.2 * 0.35)
    assert found.violations == 0


@pytest.mark.parametrize(
    ("what", "values"),
    [("battery_kw", -1.0), ("battery_kw", 8.0), ("load_kw", 120.0)],
    ids=["an empty battery gives", "a full one takes", "a line is overloaded"],
)
def test_each_breach_is_a_violation(feeder: Feeder, day: Profiles, what: str, values: float) -> None:
    changed = {what: np.full((STEPS, 1), values)}
    found = run(feeder, replace(day, **changed)) if what == "load_kw" else run(feeder, day, **changed)
    assert found.violations > STEPS / 10


def test_what_loads_put_off_is_late_where_a_day_ends_and_has_to_be_bought_at_the_end(day: Profiles) -> None:
    charging, shifted = make_up_feeder(shiftable_kw=80.0), np.zeros((STEPS, 1))
    shifted[68:72], shifted[76:80] = -40.0, 40.0
    found = run(charging, day, shifted_kw=shifted)
    assert found.shifting_eur == pytest.approx(0) and found.owed_kwh[72, 0] == pytest.approx(40)
    assert found.energy_eur == pytest.approx(run(charging, day).energy_eur)
    shifted[80:] = 0
    shifted[76:78] = 0
    assert run(charging, day, shifted_kw=shifted).shifting_eur == pytest.approx(20 * (0.35 + 0.5))


@pytest.mark.parametrize(("step", "kw"), [(0, 1.0), (10, -41.0)], ids=["before it is owed", "more than it draws"])
def test_loads_can_not_be_shifted_as_one_likes(day: Profiles, step: int, kw: float) -> None:
    shifted = np.zeros((STEPS, 1))
    shifted[step] = kw
    with pytest.raises(GridError, match="A load is shifted that can't be"):
        run(make_up_feeder(shiftable_kw=80.0), day, shifted_kw=shifted)
    with pytest.raises(GridError, match="A load is shifted that can't be"):
        run(make_up_feeder(), day, shifted_kw=-np.abs(shifted) / 50)


@pytest.mark.parametrize(("what", "values"), [("battery_kw", 51.0), ("pv_kvar", -61.0)])
def test_nothing_is_set_beyond_its_rating(feeder: Feeder, day: Profiles, what: str, values: float) -> None:
    with pytest.raises(GridError, match="beyond its rating"):
        run(feeder, day, **{what: np.full((STEPS, 1), values)})


def test_the_bands_of_voltages_are_told_apart(feeder: Feeder, day: Profiles) -> None:
    weak = replace(feeder, network=replace(feeder.network, limit_from=np.full(1, 99.0), limit_to=np.full(1, 99.0)))
    low = run(weak, replace(day, load_kw=np.linspace(100, 1_200, STEPS)[:, None]))
    lowest = low.flow.voltage_pu.min(axis=1)
    assert low.out_of_band == (lowest < 0.95).sum() > low.violations == (lowest < 0.9).sum() > 0


def test_the_state_of_charge_loses_on_both_ways(feeder: Feeder) -> None:
    stored = stored_energy(feeder, np.array([[10.0], [-8.1]]), np.array([5.0]), 0.5)
    assert stored[:, 0].tolist() == pytest.approx([5, 5 + 4.5, 5])


def test_what_does_not_fit_is_refused(feeder: Feeder, day: Profiles) -> None:
    with pytest.raises(GridError, match="1 loads, 1 inverters and 1 batteries of line in 96 steps"):
        run(feeder, day, battery_kw=np.zeros((STEPS, 2)))
    with pytest.raises(GridError, match="More is curtailed"):
        run(feeder, day, curtailed_kw=day.pv_kw + 1)
    with pytest.raises(GridError, match="not possible"):
        replace(feeder, pv_kva=np.zeros(1))
    with pytest.raises(GridError, match="don't fit together"):
        replace(feeder, pv_kva=np.ones(2))
    with pytest.raises(GridError, match="have 96 steps, and 90 to 100"):
        day.steps(90, 10)


def test_simbench_has_storages_or_is_given_one_and_its_transformer_is_overloaded() -> None:
    feeder, year = read_simbench_feeder(GRIDS[0])
    assert len(feeder.batteries) == 5 and len(year) == 366 * 96 and (feeder.shiftable_kw > 0).sum() == 15
    net_kw = year.load_kw.sum(axis=1) - year.pv_kw.sum(axis=1)
    assert (np.abs(net_kw) > 160).sum() == 1_277
    spare, _ = read_simbench_feeder(GRIDS[2])
    assert spare.batteries.capacity_kwh.tolist() == [100]
    with pytest.raises(GridError, match="There is no grid"):
        read_simbench_feeder("nowhere")
