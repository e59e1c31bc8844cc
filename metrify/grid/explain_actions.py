"""Why elements do what a plan says: a limit first, then the peak, then prices, then what is paid for feeding in.

A limit or the peak is a reason only where it would be exceeded, and where the action makes that less: the flow without
the action alone tells.
"""

import numpy as np

from metrify.grid.find_actions import Run, find_runs
from metrify.grid.grid_plan import Action, ActionKind
from metrify.grid.plan_evidence import PlanEvidence

_VERBS = {
    ActionKind.CHARGE: "takes",
    ActionKind.DISCHARGE: "gives",
    ActionKind.CURTAIL: "cuts",
    ActionKind.DRAW_REACTIVE: "draws",
    ActionKind.FEED_REACTIVE: "feeds in",
    ActionKind.PUT_OFF: "puts off",
    ActionKind.MAKE_UP: "makes up for",
}
_REACTIVE = (ActionKind.DRAW_REACTIVE, ActionKind.FEED_REACTIVE)
_SAVED_BY_LOSSES = (*_REACTIVE, ActionKind.TAP)
_MOVED_KW = 0.05
_TOLD_KWH = 0.01


def explain_actions(evidence: PlanEvidence) -> tuple[Action, ...]:
    """All actions of a plan with their reasons, in the order of time.

    Raises:
        PowerFlowError: A step has no solution without one of the actions.
    """
    expected = evidence.expected
    actions = []
    for run in find_runs(evidence.feeder, evidence.setpoints, evidence.tap):
        is_tap = run.kind is ActionKind.TAP
        actions.append(
            Action(
                run.element,
                run.kind,
                expected.times[run.first],
                expected.ends[run.stop - 1],
                float(run.values.mean()),
                0.0 if is_tap else float(run.values.sum()) * expected.hours,
                _reason(run, evidence),
            )
        )
    return tuple(actions)


def _reason(run: Run, evidence: PlanEvidence) -> str:
    undone = evidence.flow_without(run)
    limit = evidence.limit_relieved(run, undone)
    if limit:
        return f"{_does(run, limit[0])} because {limit[1]}"
    if run.kind in _SAVED_BY_LOSSES:
        lost_kwh = undone.losses_kw.sum() - evidence.settled.flow.losses_kw[run.steps].sum()
        return _by_losses(run, float(lost_kwh) * evidence.expected.hours)
    peak = evidence.peak_relieved(run, undone)
    if peak:
        return f"{_does(run, peak[0])} because {peak[1]}"
    return {
        ActionKind.CHARGE: _of_charging,
        ActionKind.DISCHARGE: _of_giving,
        ActionKind.CURTAIL: _of_curtailing,
        ActionKind.PUT_OFF: _of_putting_off,
        ActionKind.MAKE_UP: _of_making_up,
    }[run.kind](run, evidence)


def _does(run: Run, step: int) -> str:
    value = run.values[step - run.first]
    if run.kind is ActionKind.TAP:
        return f"moves to {value:.0f}"
    return f"{_VERBS[run.kind]} {value:.1f} {'kvar' if run.kind in _REACTIVE else 'kW'}"


def _by_losses(run: Run, saved_kwh: float) -> str:
    most = int(run.values.argmax())
    extent = "" if run.kind is ActionKind.TAP else " at most"
    start = f"{_does(run, run.first + most)}{extent}, which"
    if abs(saved_kwh) < _TOLD_KWH:
        return f"{start} changes losses by less than {_TOLD_KWH} kWh"
    return f"{start} {'saves' if saved_kwh > 0 else 'costs'} {abs(saved_kwh):.2f} kWh of losses"


def _energy(run: Run, evidence: PlanEvidence) -> str:
    return f"{run.values.sum() * evidence.expected.hours:.1f} kWh"


def _mean_price(prices: np.ndarray, power: np.ndarray) -> float:
    return float(prices @ power / power.sum())


def _of_charging(run: Run, evidence: PlanEvidence) -> str:
    energy, later = _energy(run, evidence), _next_giving(run, evidence)
    from_sun = _share_of_surplus(run, evidence)
    paid = (
        evidence.tariff.feed_in_eur_per_kwh if from_sun >= 0.5 else _mean_price(evidence.prices[run.steps], run.values)
    )
    taken = f"takes {energy} of PV that would be paid {paid:.2f} EUR/kWh"
    start = taken if from_sun >= 0.5 else f"charges {energy} at {paid:.2f} EUR/kWh"
    if later is None:
        worth = evidence.tariff.stored_eur_per_kwh
        return f"{start} and keeps it, worth {worth:.2f} at the end"
    price = evidence.marginal_prices[later]
    efficiency = evidence.feeder.batteries.efficiency[run.number]
    gain = price * efficiency**2 - paid - evidence.tariff.wear_eur_per_kwh * (1 + efficiency**2)
    strain = evidence.strained(later)
    if strain and gain <= 0:
        return f"{start} for {evidence.clock(later)}, when {strain} without control"
    link = "and keeps it for" if from_sun >= 0.5 else "before"
    return f"{start} {link} the price of {price:.2f} from {evidence.clock(later)}"


def _next_giving(run: Run, evidence: PlanEvidence) -> int | None:
    """The step after a charging in which its energy is worth most before the battery charges again; None for none.

    Giving that goes on across cheap hours counts by its dearest step, the first of them.
    """
    power = evidence.setpoints.battery_kw[run.stop :, run.number]
    gives = np.flatnonzero(power < -_MOVED_KW)
    if not len(gives):
        return None
    charges = np.flatnonzero((power > _MOVED_KW) & (np.arange(len(power)) > gives[0]))
    gives = gives[gives < charges[0]] if len(charges) else gives
    steps = run.stop + gives
    return int(steps[evidence.marginal_prices[steps].argmax()])


def _share_of_surplus(run: Run, evidence: PlanEvidence) -> float:
    """Which part of what is charged would flow out of the feeder if no battery charged."""
    charged = np.maximum(evidence.setpoints.battery_kw[run.steps], 0).sum(axis=1)
    surplus = np.clip(charged - evidence.settled.flow.slack_kw[run.steps], 0, charged)
    return float((surplus / charged) @ run.values / run.values.sum())


def _of_giving(run: Run, evidence: PlanEvidence) -> str:
    price = _mean_price(evidence.marginal_prices[run.steps], run.values)
    start = f"gives {_energy(run, evidence)} at {price:.2f} EUR/kWh"
    earlier = evidence.setpoints.battery_kw[: run.first, run.number]
    taken = np.maximum(earlier, 0)
    if taken.sum() > _MOVED_KW:
        return f"{start} that was charged at {_mean_price(_charging_prices(evidence)[: run.first], taken):.2f}"
    return f"{start} that it held, worth {evidence.tariff.stored_eur_per_kwh:.2f} at the end"


def _charging_prices(evidence: PlanEvidence) -> np.ndarray:
    """`[T]` EUR per kWh of what batteries charge: paid for feeding in, as far as it would flow out otherwise."""
    charged = np.maximum(evidence.setpoints.battery_kw, 0).sum(axis=1)
    surplus = np.clip(charged - evidence.settled.flow.slack_kw, 0, charged)
    share = np.divide(surplus, charged, out=np.zeros_like(charged), where=charged > 0)
    return evidence.prices * (1 - share) + evidence.tariff.feed_in_eur_per_kwh * share


def _of_curtailing(run: Run, evidence: PlanEvidence) -> str:
    lost = run.values.sum() * evidence.expected.hours * evidence.tariff.feed_in_eur_per_kwh
    return f"cuts {_energy(run, evidence)}, which loses {lost:.2f} EUR of feed-in, and no limit is near"


def _of_putting_off(run: Run, evidence: PlanEvidence) -> str:
    shifted = evidence.setpoints.shifted_kw[run.stop :, run.number]
    later = np.flatnonzero(shifted > _MOVED_KW)
    start = f"puts off {_energy(run, evidence)} at {_mean_price(evidence.marginal_prices[run.steps], run.values):.2f}"
    if not len(later):
        return f"{start} EUR/kWh and still owes it at the end"
    steps = run.stop + later
    cheapest = int(steps[evidence.marginal_prices[steps].argmin()])
    return f"{start} EUR/kWh until {evidence.clock(cheapest)}, at {evidence.marginal_prices[cheapest]:.2f}"


def _of_making_up(run: Run, evidence: PlanEvidence) -> str:
    price = _mean_price(evidence.marginal_prices[run.steps], run.values)
    put_off = np.maximum(-evidence.setpoints.shifted_kw[: run.first, run.number], 0)
    start = f"makes up for {_energy(run, evidence)} at {price:.2f} EUR/kWh"
    if put_off.sum() <= _MOVED_KW:
        return f"{start} that it owed before"
    return f"{start} that it put off at {_mean_price(evidence.marginal_prices[: run.first], put_off):.2f}"
