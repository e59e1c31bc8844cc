"""The network of a feeder as matrices: from what is drawn at its buses to voltages and currents."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from metrify.errors import GridError


@dataclass(frozen=True, eq=False)
class TapAdmittance:
    """Admittances at one position of the tap changer, per unit; B branches, n buses, the slack bus first.

    Attributes:
        buses: `[n, n]` complex, from voltages to injected currents.
        branch_from: `[B, n]` complex, from voltages to the currents into the first end of each branch.
        branch_to: `[B, n]` complex, likewise into its other end.
    """

    buses: np.ndarray
    branch_from: np.ndarray
    branch_to: np.ndarray


@dataclass(frozen=True, eq=False)
class Network:
    """A feeder's network.

    Attributes:
        name: Of the feeder.
        bus_names: `[n]`, the slack bus first.
        branch_names: `[B]` lines and transformers.
        base_kva: Of the per-unit system.
        slack_voltage: Complex per unit, at the slack bus.
        taps: `[K]` positions of the tap changer, rising; one where there is none.
        admittances: One for each position.
        limit_from: `[B]` current into the first end at which a branch is loaded to 100 %, per unit.
        limit_to: `[B]` likewise at its other end.

    Raises:
        GridError: The sizes don't fit.
    """

    name: str
    bus_names: tuple[str, ...]
    branch_names: tuple[str, ...]
    base_kva: float
    slack_voltage: complex
    taps: tuple[int, ...]
    admittances: tuple[TapAdmittance, ...]
    limit_from: np.ndarray
    limit_to: np.ndarray

    def __post_init__(self) -> None:
        buses, branches = len(self.bus_names), len(self.branch_names)
        fits = len(self.taps) == len(self.admittances) > 0 and all(
            tap.buses.shape == (buses, buses) and tap.branch_from.shape == tap.branch_to.shape == (branches, buses)
            for tap in self.admittances
        )
        if not fits or self.limit_from.shape != (branches,) or self.limit_to.shape != (branches,):
            raise GridError(
                f"The matrices of {self.name} don't fit its {buses} buses and {branches} branches.",
                "Import the network again.",
            )

    @cached_property
    def impedances(self) -> np.ndarray:
        """`[K, n - 1, n - 1]` complex, from currents injected at the other buses to the voltages that they add."""
        return np.stack([np.linalg.inv(tap.buses[1:, 1:]) for tap in self.admittances])

    @cached_property
    def open_voltages(self) -> np.ndarray:
        """`[K, n - 1]` complex, the voltages of the other buses where nothing is drawn."""
        return np.stack(
            [
                -impedance @ tap.buses[1:, 0] * self.slack_voltage
                for impedance, tap in zip(self.impedances, self.admittances, strict=True)
            ]
        )

    def tap_numbers(self, positions: np.ndarray) -> np.ndarray:
        """Numbers of positions among `taps`.

        Raises:
            GridError: There is no such position.
        """
        numbers = np.searchsorted(self.taps, positions)
        known = numbers < len(self.taps)
        known[known] = np.asarray(self.taps)[numbers[known]] == np.asarray(positions)[known]
        if not known.all():
            raise GridError(
                f"The tap changer of {self.name} has no position {np.asarray(positions)[~known][0]}.",
                f"Choose one of {', '.join(map(str, self.taps))}.",
            )
        return numbers
