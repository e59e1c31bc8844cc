"""What is controlled in a feeder."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Self

import numpy as np

from metrify.grid.feeder import Feeder


@dataclass(frozen=True, eq=False)
class Setpoints:
    """What is controlled in T steps.

    Attributes:
        battery_kw: `[T, A]` drawn by each battery, negative where it feeds in.
        curtailed_kw: `[T, P]` of what inverters could feed in.
        pv_kvar: `[T, P]` drawn by inverters.
        shifted_kw: `[T, L]` drawn by loads beyond their profile, negative where they put it off.
        tap_position: `[T]` int.
    """

    battery_kw: np.ndarray
    curtailed_kw: np.ndarray
    pv_kvar: np.ndarray
    shifted_kw: np.ndarray
    tap_position: np.ndarray

    def __len__(self) -> int:
        return len(self.tap_position)

    @classmethod
    def nothing(cls, feeder: Feeder, steps: int, tap: int) -> Self:
        """Those of a feeder that nobody controls."""
        battery, pv, load = (
            np.zeros((steps, count)) for count in (len(feeder.batteries), len(feeder.pv_names), len(feeder.load_names))
        )
        return cls(battery, pv, pv.copy(), load, np.full(steps, tap))

    @classmethod
    def joined(cls, parts: "Sequence[Setpoints]") -> Self:
        """Several in a row."""
        return cls(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(cls)))

    def steps(self, first: int, count: int) -> "Setpoints":
        """Some steps in a row."""
        return Setpoints(*(getattr(self, field.name)[first : first + count] for field in fields(self)))

    def repeated(self, lengths: np.ndarray) -> "Setpoints":
        """Each step as many times as `lengths [T]` says."""
        return Setpoints(*(np.repeat(getattr(self, field.name), lengths, axis=0) for field in fields(self)))
