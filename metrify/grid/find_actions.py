"""What elements of a feeder do: runs of steps in which one of them does one thing."""

from dataclasses import dataclass, replace

import numpy as np

from metrify.grid.feeder import Feeder
from metrify.grid.grid_plan import ActionKind
from metrify.grid.setpoints import Setpoints

_LEAST_KW = 0.05  # kW or kvar, below which an element is idle


@dataclass(frozen=True, eq=False)
class Run:
    """Steps in a row in which one element does one thing.

    Attributes:
        element: Its name.
        kind: What it does.
        field: Of the setpoints.
        number: Of the element among its kind; 0 of the tap changer.
        first: Number of the first step.
        stop: Number of the step behind the last one.
        values: `[n]` of the setpoints, above 0: kW or kvar, or the position of a tap changer.
    """

    element: str
    kind: ActionKind
    field: str
    number: int
    first: int
    stop: int
    values: np.ndarray

    @property
    def steps(self) -> slice:
        """Its place among the steps."""
        return slice(self.first, self.stop)


def find_runs(feeder: Feeder, setpoints: Setpoints, tap: int) -> list[Run]:
    """All runs, in the order of their beginning.

    Args:
        feeder: What is connected.
        setpoints: Of T steps.
        tap: Position of the tap changer before the first of them.
    """
    kinds = (
        ("battery_kw", feeder.batteries.names, ActionKind.CHARGE, ActionKind.DISCHARGE),
        ("curtailed_kw", feeder.pv_names, ActionKind.CURTAIL, None),
        ("pv_kvar", feeder.pv_names, ActionKind.DRAW_REACTIVE, ActionKind.FEED_REACTIVE),
        ("shifted_kw", feeder.load_names, ActionKind.MAKE_UP, ActionKind.PUT_OFF),
    )
    found = _of_tap_changer(feeder, setpoints, tap)
    for field, names, above, below in kinds:
        values = getattr(setpoints, field)
        for kind, signed in ((above, values), (below, -values)):
            if kind is None:
                continue
            for number, name in enumerate(names):
                found += [
                    Run(name, kind, field, number, first, stop, signed[first:stop, number])
                    for first, stop in _runs(signed[:, number] > _LEAST_KW)
                ]
    return sorted(found, key=lambda run: run.first)


def without(setpoints: Setpoints, run: Run, tap: int) -> Setpoints:
    """The setpoints of the run's steps with its element idle, all others doing what they do.

    Args:
        setpoints: Of all steps.
        run: What is left out.
        tap: Position of the tap changer before the first of them.
    """
    part = setpoints.steps(run.first, run.stop - run.first)
    values = getattr(part, run.field).copy()
    if run.kind is ActionKind.TAP:
        values[:] = setpoints.tap_position[run.first - 1] if run.first else tap
    else:
        values[:, run.number] = 0
    return replace(part, **{run.field: values})


def _of_tap_changer(feeder: Feeder, setpoints: Setpoints, tap: int) -> list[Run]:
    positions = setpoints.tap_position
    starts = np.flatnonzero(np.diff(positions, prepend=tap))
    stops = [*starts, len(positions)][1:]
    name = f"tap changer of {feeder.network.name}"
    return [
        Run(name, ActionKind.TAP, "tap_position", 0, int(first), int(stop), positions[first:stop].astype(float))
        for first, stop in zip(starts, stops, strict=True)
    ]


def _runs(is_on: np.ndarray) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], is_on, [False]]).astype(int)))
    return [(int(first), int(stop)) for first, stop in edges.reshape(-1, 2)]
