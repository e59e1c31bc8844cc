"""The cheapest dispatch of a feeder."""

from dataclasses import replace

import numpy as np
import pytest

from metrify.errors import GridError
from metrify.grid.dispatch import Plan, plan_dispatch
from metrify.grid.feeder import Feeder, Profiles
from metrify.grid.linear_program import LinearProgram
from metrify.grid.setpoints import Setpoints
from metrify.grid.settlement import BREACH_EUR, powers_at_buses, settle
from metrify.grid.simbench_feeder import TIMEZONE, read_simbench_feeder
from metrify.grid.state import State
from metrify.grid.taps import choose_taps
from metrify.grid.tariff import Tariff
from metrify.readings.sources.simbench import GRIDS

from .made_up_feeder import STEPS, ZONE, make_up_day, make_up_feeder

EMPTY = State(np.zeros(1), np.zeros(1), 0)


@pytest.fixture(scope="module")
def feeder() -> Feeder:
    return make_up_feeder()


def plan(feeder: Feeder, day: Profiles, tariff: Tariff = Tariff(), **others: float) -> Plan:  # noqa: B008
    return plan_dispatch(feeder, day, EMPTY, tariff, ZONE, **others)  # type: ignore[arg-type]


def test_a_program_is_solved_as_it_is_told() -> None:
    program = LinearProgram()
    x, y = program.variables((2,), cost=[-3.0, -2.0], upper=[4.0, np.inf])
    program.constrain([(np.array([[x, y]]), 1.0)], upper=5.0)
    np.testing.assert_allclose(program.solve("It"), [4, 1])
    program.constrain([(np.array([x]), 1.0)], lower=6.0)
    with pytest.raises(GridError, match="It can't be planned: infeasible"):
        program.solve("It")


def test_a_battery_buys_when_energy_is_cheap_and_gives_when_it_is_dear(feeder: Feeder) -> None:
    found = plan(feeder, make_up_day(), replace(Tariff(), peak_eur_per_kw_year=0))
    kw, hours = found.setpoints.battery_kw[:, 0], np.arange(STEPS) / 4
    evening, night = (hours >= 17) & (hours < 21), hours < 6
    assert kw[evening].sum() / 4 == pytest.approx(-90, abs=0.1)  # all of it, less what is lost on the way
    assert (kw[night] > 0).any() and kw[night].sum() / 4 >= 100 / 0.9 - 0.1
    np.testing.assert_array_less(kw[~(evening | night)].clip(min=0).sum(), 1 / 0.9 * 100)


def test_a_peak_that_was_there_already_costs_nothing_more(feeder: Feeder) -> None:
    day = make_up_day()
    shaved = settle(feeder, day, plan(feeder, day).setpoints, EMPTY, Tariff(), ZONE)
    dear = replace(Tariff(), peak_eur_per_kw_year=6_000)
    flat = settle(feeder, day, plan(feeder, day, dear).setpoints, EMPTY, dear, ZONE)
    assert flat.peak_kw < 40.6 < shaved.peak_kw
    free = settle(feeder, day, plan(feeder, day, dear, peak_kw=90.0).setpoints, EMPTY, dear, ZONE)
    assert free.energy_eur < flat.energy_eur


def test_an_overload_is_avoided_and_told_where_it_can_not_be(feeder: Feeder) -> None:
    day = make_up_day()
    hours = np.arange(STEPS) / 4
    heavy = replace(day, load_kw=np.where((hours >= 8) & (hours < 9), 130.0, 40.0)[:, None])
    assert settle(feeder, heavy, Setpoints.nothing(feeder, STEPS, 0), EMPTY, Tariff(), ZONE).violations == 4
    found = plan(feeder, heavy)
    assert settle(feeder, heavy, found.setpoints, EMPTY, Tariff(), ZONE).violations == 0
    assert not found.over_loading.any()
    hopeless = plan(feeder, replace(day, load_kw=np.full((STEPS, 1), 130.0)))
    assert hopeless.over_loading.max() > 0.3 and hopeless.over_loading.min() >= 0


def test_loads_are_put_off_until_energy_is_cheaper_and_made_up_for_on_the_same_day() -> None:
    feeder, day = make_up_feeder(shiftable_kw=60.0), make_up_day()
    free = replace(Tariff(), peak_eur_per_kw_year=0, losses_eur_per_kwh=0)
    found = settle(feeder, day, plan(feeder, day, free).setpoints, EMPTY, free, ZONE)
    hours = np.arange(STEPS) / 4
    assert found.shifting_eur == pytest.approx(0, abs=1e-6) and found.violations == 0
    assert found.owed_kwh[84, 0] == pytest.approx(60, abs=1e-3)  # 20 kW are free for three hours after 21 h
    kept = settle(make_up_feeder(), day, plan(make_up_feeder(), day, free).setpoints, EMPTY, free, ZONE)
    assert found.cost_eur == pytest.approx(kept.cost_eur - 60 * (0.35 - 0.22), rel=1e-3)
    assert (found.owed_kwh[1:][hours < 14] == 0).all()


def test_what_batteries_can_not_hold_is_refused(feeder: Feeder) -> None:
    with pytest.raises(GridError, match="more than their capacity"):
        plan_dispatch(feeder, make_up_day(), replace(EMPTY, stored_kwh=np.array([101.0])), Tariff(), ZONE)


def test_the_tap_changer_follows_the_load_and_does_not_move_for_little() -> None:
    feeder, year = read_simbench_feeder(GRIDS[0])
    day = year.steps(191 * 96, 96)
    idle = Setpoints.nothing(feeder, 96, 0)
    kw, kvar = powers_at_buses(feeder, day, idle)
    hours = np.full(96, 0.25)
    chosen = choose_taps(feeder.network, kw, kvar, hours, 0, Tariff())
    settled = {
        tap: settle(feeder, day, replace(idle, tap_position=taps), State.empty(feeder), Tariff(), TIMEZONE)
        for tap, taps in [("chosen", chosen), *((tap, np.full(96, tap)) for tap in feeder.network.taps)]
    }
    over = {tap: np.maximum(of.flow.loading_percent.max(axis=1) / 100 - 1, 0).sum() for tap, of in settled.items()}
    costs = {tap: of.losses_eur + of.band_eur + BREACH_EUR * over[tap] for tap, of in settled.items()}
    assert costs["chosen"] <= min(costs.values()) + 1e-9
    assert np.abs(np.diff(chosen)).sum() < 6
    assert (choose_taps(feeder.network, kw[:1], kvar[:1], hours[:1], 1, Tariff()) == 1).all()
    with pytest.raises(GridError, match="no position 7"):
        choose_taps(feeder.network, kw, kvar, hours, 7, Tariff())


def test_what_can_not_flow_out_is_curtailed(feeder: Feeder) -> None:
    day = make_up_day()
    wide = replace(feeder, pv_kva=np.array([400.0]))
    sunny = replace(day, load_kw=0 * day.load_kw, pv_kw=day.pv_kw * 8)
    found = plan(wide, sunny)
    settled = settle(wide, sunny, found.setpoints, EMPTY, Tariff(), ZONE)
    assert settled.violations == 0 and settled.curtailed_kwh > 100


def test_a_summer_week_of_simbench_costs_less_and_overloads_nothing() -> None:
    feeder, year = read_simbench_feeder(GRIDS[0])
    days, state = year.steps(191 * 96, 3 * 96), State.empty(feeder)
    none = settle(feeder, days, Setpoints.nothing(feeder, len(days), state.tap), state, Tariff(), TIMEZONE)
    best = plan_dispatch(feeder, days, state, Tariff(), TIMEZONE)
    settled = settle(feeder, days, best.setpoints, state, Tariff(), TIMEZONE)
    assert none.violations > 0 and settled.violations == 0
    assert settled.cost_eur < none.cost_eur - 50
