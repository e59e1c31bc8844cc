"""Runs a controller through what really came, step by step, each time with what it could have known."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from metrify.grid.controllers.controller import Controller, Observation
from metrify.grid.feeder import Feeder, Profiles
from metrify.grid.setpoints import Setpoints
from metrify.grid.settlement import run_setpoints
from metrify.grid.state import State

Forecast = Callable[[int], Profiles]


@dataclass(frozen=True, eq=False)
class Simulated:
    """What a controller did.

    Attributes:
        setpoints: Of T steps.
        decision_ms: `[T]` wall time of each decision.
    """

    setpoints: Setpoints
    decision_ms: np.ndarray


def simulate(
    controller: Controller,
    feeder: Feeder,
    actual: Profiles,
    forecast: Forecast,
    state: State,
    peak_kw: float = 0.0,
) -> Simulated:
    """Lets a controller decide each step.

    Args:
        controller: Who decides.
        feeder: What is connected.
        actual: Profiles of the T steps as they came.
        forecast: From the number of a step to profiles from it on, which it could have known when it began.
        state: At the beginning.
        peak_kw: What has flowed in at most before, in the time that the peak is charged for.

    Raises:
        PowerFlowError: A step has no solution.
    """
    decided, spent = [], np.empty(len(actual))
    for step in range(len(actual)):
        seen = Observation(forecast(step), state, peak_kw, (len(actual) - step) * actual.hours)
        started = time.perf_counter()
        setpoints = controller.decide(seen)
        spent[step] = 1000 * (time.perf_counter() - started)
        decided.append(setpoints)
        state = state.after(feeder, setpoints, actual.hours)
        flow = run_setpoints(feeder, actual.steps(step, 1), setpoints)
        peak_kw = max(peak_kw, float(flow.slack_kw[0]))
    return Simulated(Setpoints.joined(decided), spent)


def foresee(actual: Profiles, horizon: int) -> Forecast:
    """Perfect forecasts: what really came, `horizon` steps or as many as there are."""
    return lambda step: actual.steps(step, min(horizon, len(actual) - step))


def persist(before: Profiles, actual: Profiles, horizon: int) -> Forecast:
    """What came at the same time of the day before, and in the first step what is measured.

    Args:
        before: Of a day before the actual profiles, up to their beginning.
        actual: What really came.
        horizon: Steps, a day of them at most.
    """
    names, day = ("load_kw", "load_kvar", "pv_kw"), len(before)
    whole = {name: np.concatenate([getattr(before, name), getattr(actual, name)]) for name in names}

    def forecast(step: int) -> Profiles:
        count = min(horizon, len(actual) - step)
        parts = {name: values[step : step + count].copy() for name, values in whole.items()}
        for name, values in parts.items():
            values[0] = whole[name][day + step]
        return Profiles(actual.steps(step, 1).start, actual.minutes, **parts)

    return forecast
