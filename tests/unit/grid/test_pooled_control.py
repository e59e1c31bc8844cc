"""Plans for all elements together, what each does of them, and what the grid bears."""

from dataclasses import replace

import numpy as np
import pytest

from metrify.grid.allocation import share_battery_power, share_shifting
from metrify.grid.controllers.predictive import ModelPredictive
from metrify.grid.dispatch import plan_dispatch
from metrify.grid.feeder import Batteries
from metrify.grid.horizon import look_ahead
from metrify.grid.load_room import find_load_room
from metrify.grid.pooled_plan import PooledPlanner, fit_losses
from metrify.grid.power_flow import solve_power_flow
from metrify.grid.projection import find_bounds, project
from metrify.grid.reactive import least_loss_kvar
from metrify.grid.setpoints import Setpoints
from metrify.grid.settlement import powers_at_buses, settle
from metrify.grid.simbench_feeder import TIMEZONE, read_simbench_feeder
from metrify.grid.simulation import foresee, simulate
from metrify.grid.state import State
from metrify.grid.tariff import Tariff
from metrify.readings.sources.simbench import GRIDS

from .made_up_feeder import STEPS, ZONE, make_up_day, make_up_feeder

TARIFF = Tariff()


@pytest.mark.parametrize("shiftable_kw", [0.0, 60.0])
def test_a_pooled_plan_of_one_battery_costs_what_the_whole_dispatch_does(shiftable_kw: float) -> None:
    feeder, day = make_up_feeder(shiftable_kw), make_up_day()
    state = State.empty(feeder)
    horizon = look_ahead(day, TARIFF, ZONE)
    planner, losses = PooledPlanner(feeder, TARIFF), fit_losses(feeder, horizon, 0)
    price = TARIFF.peak_price(24)
    room = find_load_room(feeder, day, state, ZONE)
    found = planner.plan(horizon, losses, state, room, 0.0, price)
    again = planner.plan(horizon, losses, state, room, 0.0, price)  # from the last solution on
    np.testing.assert_allclose(again.battery_kw, found.battery_kw, atol=1e-6)
    whole = plan_dispatch(feeder, day, state, TARIFF, ZONE)
    steps = replace(
        Setpoints.nothing(feeder, STEPS, 0),
        battery_kw=found.battery_kw[:, None],
        shifted_kw=found.shifted_kw[:, None],
        curtailed_kw=found.curtailed_kw[:, None],
    )
    costs = [settle(feeder, day, each, state, TARIFF, ZONE).cost_eur for each in (steps, whole.setpoints)]
    assert costs[0] == pytest.approx(costs[1], rel=2e-3)
    shaved = planner.plan(horizon, losses, state, room, 0.0, price, np.full(STEPS, 10.0))
    assert shaved.peak_kw > found.net_kw.max() - 1e-6


def test_a_battery_that_is_emptier_takes_more_and_none_more_than_it_can() -> None:
    feeder = make_up_feeder()
    pair = Batteries(("a", "b"), np.ones(2, int), np.array([50.0, 50.0]), np.array([100.0, 100.0]), np.full(2, 0.9))
    both = replace(feeder, batteries=pair)
    stored = np.array([80.0, 20.0])
    taken = share_battery_power(both, 50.0, stored, 0.25)
    assert taken.sum() == pytest.approx(50) and taken[1] == pytest.approx(4 * taken[0])
    assert share_battery_power(both, 500.0, stored, 0.25).tolist() == [50.0, 50.0]
    given = share_battery_power(both, -60.0, np.array([2.0, 90.0]), 0.25)
    assert given[0] >= -2.0 * 0.9 / 0.25 - 1e-9 and given.min() >= -50


def test_a_load_makes_up_in_time_even_if_nobody_asks_for_it() -> None:
    feeder, day = make_up_feeder(shiftable_kw=60.0), make_up_day()
    late = day.steps(92, 4)  # an hour until midnight, and 20 kW are free
    owing = replace(State.empty(feeder), owed_kwh=np.array([20.0]))
    room = find_load_room(feeder, late, owing, ZONE)
    assert room.least_kw[0] == pytest.approx(20) and room.put_off_kw[0] == 0
    assert share_shifting(0.0, room, late.load_kw[0], owing.owed_kwh)[0] == pytest.approx(20)
    early = find_load_room(feeder, day, owing, ZONE)
    assert early.least_kw[0] == 0 and early.put_off_kw[0] == pytest.approx(40)


def test_reactive_power_is_where_losses_are_least() -> None:
    feeder, year = read_simbench_feeder(GRIDS[0])
    present = year.steps(191 * 96 + 48, 1)
    kw, kvar = powers_at_buses(feeder, present, Setpoints.nothing(feeder, 1, 0))
    flow = solve_power_flow(feeder.network, kw, kvar, np.array([0]))
    room = np.sqrt(np.maximum(feeder.pv_kva**2 - present.pv_kw[0] ** 2, 0))
    number = int(feeder.network.tap_numbers(np.array([0]))[0])
    best = least_loss_kvar(feeder, number, flow.voltage[0], kw[0], kvar[0], room)
    assert (np.abs(best) <= room + 1e-9).all()

    def losses(drawn: np.ndarray) -> float:
        return float(solve_power_flow(feeder.network, kw, kvar + drawn @ feeder.pv_at, np.array([0])).losses_kw[0])

    rng = np.random.default_rng(0)
    others = [losses(np.clip(best + rng.normal(0, 2, len(best)), -room, room)) for _ in range(20)]
    saved, possible = (losses(np.zeros_like(best)) - found for found in (losses(best), min(others)))
    assert 0.01 < 0.85 * possible <= saved  # the rest is what voltages do when currents change


def test_what_overloads_the_transformer_is_changed_as_little_as_helps() -> None:
    feeder, year = read_simbench_feeder(GRIDS[0])
    week = year.steps(190 * 96, 7 * 96)
    idle = settle(feeder, week, Setpoints.nothing(feeder, len(week), 0), State.empty(feeder), TARIFF, TIMEZONE)
    worst = int(idle.flow.loading_percent.max(axis=1).argmax())
    assert idle.flow.loading_percent[worst].max() > 100
    present, state = week.steps(worst, 1), State.empty(feeder)
    room = find_load_room(feeder, week.steps(worst, 40), state, TIMEZONE)
    bounds = find_bounds(feeder, present, state.stored_kwh, room)
    found = project(feeder, present, Setpoints.nothing(feeder, 1, 0), bounds)
    assert found.is_changed and found.over_loading == found.over_voltage_pu == 0
    assert 99 < found.flow.loading_percent.max() <= 100
    calm = week.steps(8, 1)
    kept = project(feeder, calm, Setpoints.nothing(feeder, 1, 0), find_bounds(feeder, calm, state.stored_kwh, room))
    assert not kept.is_changed


def test_a_breach_that_nothing_helps_against_is_told() -> None:
    feeder, day = make_up_feeder(), make_up_day()
    heavy = replace(day, load_kw=np.full((STEPS, 1), 130.0)).steps(0, 1)
    state = State.empty(feeder)
    bounds = find_bounds(feeder, heavy, state.stored_kwh, find_load_room(feeder, heavy, state, ZONE))
    found = project(feeder, heavy, Setpoints.nothing(feeder, 1, 0), bounds)
    assert found.over_loading > 0.3
    full = replace(state, stored_kwh=np.array([100.0]))
    helped = find_bounds(feeder, heavy, full.stored_kwh, find_load_room(feeder, heavy, full, ZONE))
    assert project(feeder, heavy, Setpoints.nothing(feeder, 1, 0), helped).over_loading == 0


def test_planning_ahead_again_and_again_saves_nearly_what_can_be_saved() -> None:
    feeder, year = read_simbench_feeder(GRIDS[0])
    actual = year.steps(191 * 96, 2 * 96)
    state = State.empty(feeder)
    controller = ModelPredictive(feeder, TARIFF, TIMEZONE, peak_hours=48)
    done = simulate(controller, feeder, actual, foresee(actual, len(actual)), state)
    costs = [
        settle(feeder, actual, setpoints, state, TARIFF, TIMEZONE)
        for setpoints in (
            Setpoints.nothing(feeder, len(actual), 0),
            done.setpoints,
            plan_dispatch(feeder, actual, state, TARIFF, TIMEZONE).setpoints,
        )
    ]
    none, ours, best = (each.cost_eur for each in costs)
    assert none - ours >= 0.95 * (none - best) and costs[1].violations == 0
