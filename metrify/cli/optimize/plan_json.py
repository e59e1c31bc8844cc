"""A plan as values of JSON."""

from typing import Any

import numpy as np

from metrify.grid.grid_plan import GridPlan
from metrify.grid.plan_values import reason_values, stamp_text
from metrify.steps.optimize_feeder import FeederDay


def plan_values(found: FeederDay, day: str) -> dict[str, Any]:
    """The whole of a plan.

    Args:
        found: The plan.
        day: Local date.
    """
    plan = found.plan
    return {
        "feeder": plan.feeder.network.name,
        "day": day,
        "timezone": found.timezone,
        "controller": plan.controller,
        "expected": found.source,
        "degraded": plan.degraded,
        "degraded_reason": plan.degraded_reason,
        "saving_eur": plan.saving_eur,
        "figures": {
            name: {"uncontrolled": before, "planned": after, "unit": unit}
            for name, (before, after, unit) in plan.figures.items()
        },
        **reason_values(plan),
        "setpoints": _setpoints(plan),
    }


def _setpoints(plan: GridPlan) -> dict[str, Any]:
    feeder, setpoints = plan.feeder, plan.setpoints
    can_shift = np.flatnonzero(feeder.shiftable_kw)
    return {
        "timestamp": [stamp_text(moment) for moment in plan.expected.times],
        "battery_kw": dict(zip(feeder.batteries.names, setpoints.battery_kw.T.tolist(), strict=True)),
        "curtailed_kw": dict(zip(feeder.pv_names, setpoints.curtailed_kw.T.tolist(), strict=True)),
        "pv_kvar": dict(zip(feeder.pv_names, setpoints.pv_kvar.T.tolist(), strict=True)),
        "shifted_kw": {feeder.load_names[load]: setpoints.shifted_kw[:, load].tolist() for load in can_shift},
        "tap_position": setpoints.tap_position.tolist(),
    }
