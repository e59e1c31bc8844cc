"""A plan as values of JSON: what is done and why, and the limits that bind."""

from dataclasses import asdict
from typing import Any

import numpy as np

from metrify.grid.feeder import Feeder
from metrify.grid.grid_plan import GridPlan
from metrify.grid.setpoints import Setpoints


def reason_values(plan: GridPlan) -> dict[str, list[dict[str, Any]]]:
    """Actions with their reasons, limits that bind, and limits that are not kept."""
    return {
        "actions": [_with_stamps(asdict(action)) for action in plan.actions],
        "binding": [_with_stamps(asdict(binding)) for binding in plan.binding],
        "breaches": [_with_stamps(asdict(breach)) for breach in plan.breaches],
    }


def set_in_kw(feeder: Feeder, setpoints: Setpoints) -> dict[str, np.ndarray]:
    """What is set in kW, `[T]` of each element by its label, such as `battery/<name>`, `curtailed/<name>`.

    Batteries draw it, of inverters it is curtailed, and shiftable loads draw it beyond their profile.
    """
    shiftable = np.flatnonzero(feeder.shiftable_kw)
    columns = {f"battery/{name}": setpoints.battery_kw[:, place] for place, name in enumerate(feeder.batteries.names)}
    columns |= {f"curtailed/{name}": setpoints.curtailed_kw[:, place] for place, name in enumerate(feeder.pv_names)}
    columns |= {f"shifted/{feeder.load_names[place]}": setpoints.shifted_kw[:, place] for place in shiftable}
    return columns


def stamp_text(moment: np.datetime64) -> str:
    """RFC 3339, UTC."""
    return f"{np.datetime_as_string(moment, unit='s')}Z"


def _with_stamps(values: dict[str, Any]) -> dict[str, Any]:
    return {name: stamp_text(value) if isinstance(value, np.datetime64) else value for name, value in values.items()}
