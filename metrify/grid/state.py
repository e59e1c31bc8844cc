"""What a feeder's controllable elements hold, and how setpoints change it."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from metrify.grid.feeder import Feeder
from metrify.grid.setpoints import Setpoints


@dataclass(frozen=True, eq=False)
class State:
    """What is known of a feeder when a step begins.

    Attributes:
        stored_kwh: `[A]` in batteries.
        owed_kwh: `[L]` that loads have put off and still have to draw.
        tap: Position of the tap changer.
    """

    stored_kwh: np.ndarray
    owed_kwh: np.ndarray
    tap: int

    @classmethod
    def empty(cls, feeder: Feeder, tap: int | None = None) -> Self:
        """Empty batteries, nothing owed, and the middle position unless another is given."""
        taps = feeder.network.taps
        position = taps[len(taps) // 2] if tap is None else tap
        return cls(np.zeros(len(feeder.batteries)), np.zeros(len(feeder.load_names)), position)

    def after(self, feeder: Feeder, setpoints: Setpoints, hours: float) -> "State":
        """The state at the end of setpoints of T steps, whether the elements can do them or not."""
        return State(
            stored_energy(feeder, setpoints.battery_kw, self.stored_kwh, hours)[-1],
            owed_energy(setpoints.shifted_kw, self.owed_kwh, hours)[-1],
            int(setpoints.tap_position[-1]),
        )


def stored_energy(feeder: Feeder, battery_kw: np.ndarray, stored_kwh: np.ndarray, hours: float) -> np.ndarray:
    """What batteries hold before each step and at the end, `[T + 1, A]` kWh, whether they can or not.

    Args:
        feeder: Whose batteries they are.
        battery_kw: `[T, A]` drawn at their buses.
        stored_kwh: `[A]` at the beginning.
        hours: Of a step.
    """
    efficiency = feeder.batteries.efficiency
    taken = np.where(battery_kw > 0, battery_kw * efficiency, battery_kw / efficiency) * hours
    return np.concatenate([stored_kwh[None], stored_kwh + taken.cumsum(axis=0)])


def owed_energy(shifted_kw: np.ndarray, owed_kwh: np.ndarray, hours: float) -> np.ndarray:
    """What loads owe before each step and at the end, `[T + 1, L]` kWh.

    Args:
        shifted_kw: `[T, L]` drawn beyond the profile, negative where less.
        owed_kwh: `[L]` at the beginning.
        hours: Of a step.
    """
    return np.concatenate([owed_kwh[None], owed_kwh - hours * shifted_kw.cumsum(axis=0)])
