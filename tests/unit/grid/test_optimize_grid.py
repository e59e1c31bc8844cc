"""What is recommended, what it comes to, and why."""

from dataclasses import fields, replace
from functools import lru_cache

import numpy as np
import pytest

from metrify.errors import GridError
from metrify.grid.controllers.controller import Controller, Observation
from metrify.grid.controllers.predictive import ModelPredictive
from metrify.grid.controllers.rules import NoControl, SelfConsumption
from metrify.grid.feeder import Feeder, Profiles
from metrify.grid.grid_plan import ActionKind, Breach, GridPlan, Limit
from metrify.grid.network import TapAdmittance
from metrify.grid.optimize_grid import optimize_grid
from metrify.grid.setpoints import Setpoints
from metrify.grid.settlement import settle
from metrify.grid.simbench_feeder import read_simbench_feeder
from metrify.grid.state import State
from metrify.grid.tariff import Tariff
from metrify.readings.sources.simbench import GRIDS

from .made_up_feeder import STEPS, ZONE, make_up_day, make_up_feeder

TARIFF = Tariff()
BRIGHT_DAY = 121  # of SimBench's year, on which the transformer of the first grid would be overloaded


def plan(
    feeder: Feeder, day: Profiles, controller: Controller | None = None, stored_kwh: float = 0.0, peak_kw: float = 0.0
) -> GridPlan:
    state = replace(State.empty(feeder), stored_kwh=np.full(len(feeder.batteries), stored_kwh))
    decides = controller or ModelPredictive(feeder, TARIFF, ZONE, 24.0)
    return optimize_grid(feeder, day, state, TARIFF, ZONE, decides, "model_predictive", peak_kw)


@lru_cache
def made_up_plan() -> GridPlan:
    return plan(make_up_feeder(), make_up_day())


@lru_cache
def bright_plan() -> GridPlan:
    feeder, year = read_simbench_feeder(GRIDS[0])
    return plan(feeder, year.steps(BRIGHT_DAY * STEPS, STEPS))


@pytest.mark.parametrize("make", [made_up_plan, bright_plan])
def test_setpoints_settle_to_what_the_plan_says(make) -> None:  # type: ignore[no-untyped-def]
    found = make()
    state = State.empty(found.feeder)
    settled = settle(found.feeder, found.expected, found.setpoints, state, TARIFF, ZONE)
    idle = Setpoints.nothing(found.feeder, STEPS, state.tap)
    uncontrolled = settle(found.feeder, found.expected, idle, state, TARIFF, ZONE)
    assert found.saving_eur == pytest.approx(uncontrolled.cost_eur - settled.cost_eur) and found.saving_eur > 0
    assert found.figures["peak"][:2] == (uncontrolled.peak_kw, settled.peak_kw)
    assert found.figures["losses"][:2] == (uncontrolled.losses_kwh, settled.losses_kwh)
    lowest, highest = (found.figures[f"{which}_voltage"][1] for which in ("lowest", "highest"))
    assert lowest == settled.flow.voltage_pu.min() and highest == settled.flow.voltage_pu.max()
    assert not found.degraded and not found.breaches and settled.violations == 0


@pytest.mark.parametrize("make", [made_up_plan, bright_plan])
def test_actions_are_all_that_is_done(make) -> None:  # type: ignore[no-untyped-def]
    found = make()
    done = {
        ActionKind.CHARGE: np.maximum(found.setpoints.battery_kw, 0),
        ActionKind.DISCHARGE: np.maximum(-found.setpoints.battery_kw, 0),
        ActionKind.CURTAIL: found.setpoints.curtailed_kw,
        ActionKind.PUT_OFF: np.maximum(-found.setpoints.shifted_kw, 0),
        ActionKind.MAKE_UP: np.maximum(found.setpoints.shifted_kw, 0),
    }
    for kind, values in done.items():
        listed = [action for action in found.actions if action.kind is kind]
        told = values[values > 0.05].sum() * found.expected.hours
        assert sum(action.energy_kwh for action in listed) == pytest.approx(told, abs=1e-9), kind
        for action in listed:
            hours = (action.end - action.first) / np.timedelta64(1, "h")
            assert action.kw * hours == pytest.approx(action.energy_kwh) and action.reason


def test_energy_is_charged_before_the_price_that_it_is_given_at() -> None:
    actions = made_up_plan().actions
    charged = next(action for action in actions if action.kind is ActionKind.CHARGE)
    assert charged.reason == f"charges {charged.energy_kwh:.1f} kWh at 0.12 EUR/kWh before the price of 0.35 from 17:00"
    given = [action.reason for action in actions if action.kind is ActionKind.DISCHARGE]
    assert any("that was charged at 0.12" in reason or "above the plan's peak" in reason for reason in given)


def test_reasons_name_other_prices_when_prices_are_others() -> None:
    dear = replace(TARIFF, low_eur_per_kwh=0.11, high_eur_per_kwh=0.51)
    feeder = make_up_feeder()
    found = optimize_grid(
        feeder, make_up_day(), State.empty(feeder), dear, ZONE, ModelPredictive(feeder, dear, ZONE, 24.0), "m"
    )
    assert any("at 0.11 EUR/kWh before the price of 0.51 from 17:00" in action.reason for action in found.actions)


def test_on_a_day_on_which_the_transformer_binds_reasons_and_bindings_name_it() -> None:
    found = bright_plan()
    transformer = found.feeder.network.branch_names[-1]
    before, after, _ = found.figures["highest_loading"]
    assert before > 100 >= after
    binding = next(binding for binding in found.binding if binding.limit is Limit.LOADING)
    assert binding.element == transformer and binding.before == before and binding.after <= 100
    noon = [action for action in found.actions if action.kind in (ActionKind.CHARGE, ActionKind.CURTAIL)]
    assert any(f"because {transformer} would be at {before:.0f} %" in action.reason for action in noon)
    loading = found.uncontrolled.flow.loading_percent[:, -1]
    for action in noon:
        during = (found.expected.times >= action.first) & (found.expected.times < action.end)
        if "without control" in action.reason and transformer in action.reason:
            assert loading[during].max() >= 99


def test_sun_that_would_flow_out_is_taken_for_later() -> None:
    feeder, sunny = make_up_feeder(), make_up_day()
    sunny = replace(sunny, pv_kw=2 * sunny.pv_kw, load_kw=sunny.load_kw / 8, load_kvar=sunny.load_kvar)
    found = plan(feeder, sunny, SelfConsumption(feeder))
    reasons = [action.reason for action in found.actions if action.kind is ActionKind.CHARGE]
    assert any("of PV that would be paid 0.08 EUR/kWh" in reason for reason in reasons)


def test_loads_are_put_off_to_a_cheaper_time() -> None:
    found = plan(make_up_feeder(shiftable_kw=80.0), make_up_day(), stored_kwh=0.0)
    put_off = [action for action in found.actions if action.kind is ActionKind.PUT_OFF]
    made_up = [action for action in found.actions if action.kind is ActionKind.MAKE_UP]
    assert put_off and made_up and all("makes up for" in action.reason for action in made_up)
    assert any("until" in action.reason or "above the plan's peak" in action.reason for action in put_off)


def test_a_peak_of_before_costs_nothing_more() -> None:
    feeder, day = make_up_feeder(), make_up_day()
    first, second = plan(feeder, day, NoControl(feeder)), plan(feeder, day, NoControl(feeder), peak_kw=30.0)
    price = TARIFF.peak_price(24.0)
    assert first.cost_eur - second.cost_eur == pytest.approx(30 * price)
    known = plan(feeder, day, NoControl(feeder), peak_kw=500.0)
    assert first.cost_eur - known.cost_eur == pytest.approx(first.settlement.peak_eur)


def overloaded(stored_kwh: float, controller: Controller | None = None) -> GridPlan:
    """A day with an hour in which the load is 120 kW behind a line that bears 100."""
    feeder, day = make_up_feeder(), make_up_day()
    load = day.load_kw.copy()
    load[:4] = 120.0
    return plan(feeder, replace(day, load_kw=load), controller, stored_kwh)


def test_an_infeasible_day_names_the_limit_and_the_least_that_it_is_exceeded_by() -> None:
    found = overloaded(stored_kwh=0.0)
    (breach,) = found.breaches
    assert (breach.limit, breach.element, breach.is_avoidable) == (Limit.LOADING, "line", False)
    assert breach.first == found.expected.start and breach.end == found.expected.times[4]
    idle = overloaded(stored_kwh=0.0, controller=NoControl(found.feeder)).breaches[0]
    assert 115 < breach.least <= breach.worst + 0.1 and breach.least <= idle.worst
    assert idle.worst == pytest.approx(found.uncontrolled.flow.loading_percent.max())


def test_a_limit_that_could_be_kept_is_told_apart() -> None:
    breach: Breach = overloaded(stored_kwh=90.0, controller=NoControl(make_up_feeder())).breaches[0]
    assert breach.is_avoidable and breach.worst > 115 and breach.least <= 100
    assert not overloaded(stored_kwh=90.0).breaches


class Overcharging:
    """Charges full batteries."""

    def __init__(self, feeder: Feeder) -> None:
        self._feeder = feeder

    def decide(self, seen: Observation) -> Setpoints:
        setpoints = Setpoints.nothing(self._feeder, 1, 0)
        setpoints.battery_kw[0] = 10.0
        return setpoints


def test_a_battery_that_is_asked_for_too_much_is_a_breach() -> None:
    feeder = make_up_feeder()
    (breach,) = plan(feeder, make_up_day(), Overcharging(feeder)).breaches
    assert (breach.limit, breach.element, breach.least) == (Limit.STORED, "battery", 100.0) and breach.worst > 200


def test_what_can_not_be_controlled_or_held_is_refused() -> None:
    feeder, day = make_up_feeder(), make_up_day()
    with pytest.raises(GridError, match="battery can't hold 101 kWh"):
        plan(feeder, day, stored_kwh=101.0)
    none = {field.name: getattr(feeder.batteries, field.name)[:0] for field in fields(feeder.batteries)}
    no_battery = replace(feeder, batteries=replace(feeder.batteries, **none))
    bare = replace(no_battery, pv_names=(), pv_buses=np.zeros(0, int), pv_kva=np.zeros(0))
    with pytest.raises(GridError, match="Nothing of line can be controlled"):
        plan(bare, replace(day, pv_kw=np.zeros((STEPS, 0))))


def test_a_feeder_with_inverters_alone_has_a_plan() -> None:
    feeder = make_up_feeder()
    none = {field.name: getattr(feeder.batteries, field.name)[:0] for field in fields(feeder.batteries)}
    found = plan(replace(feeder, batteries=replace(feeder.batteries, **none)), make_up_day())
    assert {action.kind for action in found.actions} <= {ActionKind.FEED_REACTIVE, ActionKind.DRAW_REACTIVE}
    assert found.settlement.violations == 0


def test_a_rule_that_decides_for_want_of_something_is_marked() -> None:
    feeder = make_up_feeder()
    found = optimize_grid(
        feeder, make_up_day(), State.empty(feeder), TARIFF, ZONE, SelfConsumption(feeder), "s", 0.0, "no forecast"
    )
    assert found.degraded and found.degraded_reason == "no forecast"


def with_tap_changer(feeder: Feeder) -> Feeder:
    """The feeder with a tap changer of five positions, each of which lowers the voltage at the end by 2.5 %."""
    admittance, taps = feeder.network.admittances[0].buses[0, 0], (-2, -1, 0, 1, 2)
    positions = []
    for tap in taps:
        ratio = 1 + 0.025 * tap
        buses = admittance * np.array([[1 / ratio**2, -1 / ratio], [-1 / ratio, 1]])
        positions.append(TapAdmittance(buses, buses[:1], buses[1:]))
    return replace(feeder, network=replace(feeder.network, taps=taps, admittances=tuple(positions)))


def test_a_tap_changer_moves_for_a_voltage_and_says_so() -> None:
    feeder, day = with_tap_changer(make_up_feeder()), make_up_day()
    strong = replace(feeder, network=replace(feeder.network, limit_from=np.full(1, 9.0), limit_to=np.full(1, 9.0)))
    load = np.where((np.arange(STEPS) // 8 == 9)[:, None], 650.0, day.load_kw)
    found = plan(strong, replace(day, load_kw=load), peak_kw=700.0)
    moved = [action for action in found.actions if action.kind is ActionKind.TAP]
    assert moved and moved[0].element == "tap changer of line"
    assert any(
        "moves to" in action.reason and "because the voltage at end would be 0.9" in action.reason for action in moved
    )
    assert found.figures["lowest_voltage"][1] > found.figures["lowest_voltage"][0]
