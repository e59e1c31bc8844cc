"""The one interface of all controllers."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from metrify.grid.feeder import Profiles
from metrify.grid.setpoints import Setpoints
from metrify.grid.state import State


@dataclass(frozen=True, eq=False)
class Observation:
    """What is known when a step begins.

    Attributes:
        expected: Profiles from this step on; the first step is as it is measured.
        state: Of what can be controlled.
        peak_kw: What has flowed in at most, in the time that the peak is charged for.
        peak_left_hours: How much of that time is left.
        peak_reserve_kw: `[T]` by which more may flow in than is expected, for the peak; None where nobody knows.
    """

    expected: Profiles
    state: State
    peak_kw: float
    peak_left_hours: float
    peak_reserve_kw: np.ndarray | None = None


class Controller(Protocol):
    """Anything that controls a feeder."""

    def decide(self, seen: Observation) -> Setpoints:
        """The setpoints of one step, the first of what is expected."""
