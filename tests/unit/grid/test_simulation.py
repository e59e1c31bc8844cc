"""Controllers in a loop with what really came."""

from dataclasses import replace

import numpy as np
import pytest

from metrify.grid.controllers.controller import Controller, Observation
from metrify.grid.controllers.predictive import ModelPredictive
from metrify.grid.controllers.rules import NoControl, SelfConsumption, most_battery_kw
from metrify.grid.dispatch import plan_dispatch
from metrify.grid.feeder import Feeder, Profiles
from metrify.grid.setpoints import Setpoints
from metrify.grid.settlement import settle
from metrify.grid.simulation import foresee, persist, simulate
from metrify.grid.state import State
from metrify.grid.tariff import Tariff

from .made_up_feeder import STEPS, ZONE, make_up_day, make_up_feeder

HALF, EMPTY = (State(np.full(1, kwh), np.zeros(1), 0) for kwh in (50.0, 0.0))


@pytest.fixture(scope="module")
def feeder() -> Feeder:
    return make_up_feeder()


@pytest.fixture
def day() -> Profiles:
    sunny = make_up_day()
    return replace(sunny, pv_kw=sunny.pv_kw * 2)  # 60 kW at noon, with a load of 40


def test_nobody_in_control_leaves_all_as_it_comes(feeder: Feeder, day: Profiles) -> None:
    done = simulate(NoControl(feeder), feeder, day, foresee(day, 4), HALF)
    expected = Setpoints.nothing(feeder, STEPS, 0)
    for name in ("battery_kw", "curtailed_kw", "pv_kvar", "shifted_kw", "tap_position"):
        np.testing.assert_array_equal(getattr(done.setpoints, name), getattr(expected, name))


def test_self_consumption_takes_the_surplus_and_gives_it_back(feeder: Feeder, day: Profiles) -> None:
    done = simulate(SelfConsumption(feeder), feeder, day, foresee(day, 1), HALF)
    kw = done.setpoints.battery_kw[:, 0]
    assert kw[:4].tolist() == [-40] * 4 and kw[4] == pytest.approx(-20)  # 45 kWh are there to give
    assert (kw[6:40] == 0).all() and kw[40:56].tolist() == pytest.approx([20] * 16)
    settled = settle(feeder, day, done.setpoints, HALF, Tariff(), ZONE)
    assert settled.violations == 0 and settled.stored_kwh[56, 0] == pytest.approx(72)
    assert (done.decision_ms >= 0).all() and len(done.decision_ms) == STEPS


def test_a_battery_takes_and_gives_what_it_can(feeder: Feeder) -> None:
    assert most_battery_kw(feeder, np.array([99.0]), 0.25, charging=True).tolist() == pytest.approx([4 / 0.9])
    assert most_battery_kw(feeder, np.array([1.0]), 0.25, charging=False).tolist() == pytest.approx([3.6])
    assert most_battery_kw(feeder, np.array([50.0]), 0.25, charging=True).tolist() == [50]


def test_a_controller_sees_nothing_of_what_comes_later(feeder: Feeder, day: Profiles) -> None:
    seen: list[Observation] = []

    class Watching(NoControl):
        def decide(self, seen_now: Observation) -> Setpoints:
            seen.append(seen_now)
            return super().decide(seen_now)

    watching: Controller = Watching(feeder)
    yesterday = replace(day, load_kw=day.load_kw - 5, start=day.start - np.timedelta64(1, "D"))
    simulate(watching, feeder, day, persist(yesterday, day, STEPS), HALF)
    for step in (0, 50, 95):
        expected = seen[step].expected
        assert len(expected) == STEPS - step and expected.start == day.times[step]
        assert expected.load_kw[0] == day.load_kw[step]
        np.testing.assert_array_equal(expected.load_kw[1:], yesterday.load_kw[step + 1 :])
    assert seen[1].peak_kw > 40 and seen[0].peak_kw == 0


def test_two_days_of_persistence_are_the_day_before_each_step(feeder: Feeder, day: Profiles) -> None:
    rising = replace(
        day, load_kw=np.arange(2.0 * STEPS)[:, None], load_kvar=np.zeros((2 * STEPS, 1)), pv_kw=np.zeros((2 * STEPS, 1))
    )
    before = replace(day, load_kw=np.arange(-STEPS, 0.0)[:, None])
    expected = persist(before, rising, 10)(100)
    assert expected.load_kw[:, 0].tolist() == [100, *range(5, 14)]


def test_looking_ahead_pays_more_than_the_rule_and_less_than_the_whole_plan(feeder: Feeder, day: Profiles) -> None:
    tariff = Tariff()

    def cost(setpoints: Setpoints) -> float:
        return settle(feeder, day, setpoints, EMPTY, tariff, ZONE).cost_eur

    by_rule = simulate(SelfConsumption(feeder), feeder, day, foresee(day, 1), EMPTY)
    predictive = ModelPredictive(feeder, tariff, ZONE, STEPS / 4)
    ahead = simulate(predictive, feeder, day, foresee(day, STEPS), EMPTY)
    best = cost(plan_dispatch(feeder, day, EMPTY, tariff, ZONE).setpoints)
    assert best - 1e-6 <= cost(ahead.setpoints) < cost(by_rule.setpoints)
    assert cost(ahead.setpoints) == pytest.approx(best, rel=0.01)  # it sees all of the day
    assert settle(feeder, day, ahead.setpoints, EMPTY, tariff, ZONE).violations == 0
