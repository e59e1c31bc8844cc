"""A network near the point at which it is operated: what a little more power at a bus does to voltages and currents.

The first iteration of the fixed point of `power_flow`, at the voltages of the operating point instead of those of an
unloaded network (Bernstein and others 2018, doi 10.1109/TPWRS.2018.2823277). Optimisation needs constraints that are
linear; what it finds is checked by the power flow.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from metrify.grid.network import Network


@dataclass(frozen=True, eq=False)
class LinearNetwork:
    """Sensitivities of a network at one operating point.

    Attributes:
        network: Whose they are.
        tap: Number of the tap changer's position.
        voltage: `[n]` complex per unit, at the operating point.
    """

    network: Network
    tap: int
    voltage: np.ndarray

    @cached_property
    def voltage_per_kw(self) -> np.ndarray:
        """`[n, n]` what each kW drawn at a bus (second axis) adds to the magnitude of each voltage, per unit."""
        return self._magnitudes(self._added_voltage(1.0))

    @cached_property
    def voltage_per_kvar(self) -> np.ndarray:
        """`[n, n]` likewise of each kvar drawn."""
        return self._magnitudes(self._added_voltage(1j))

    @cached_property
    def current_per_kw(self) -> np.ndarray:
        """`[2, B, n]` complex, what each kW drawn at a bus adds to the current into both ends of each branch.

        In parts of the current at which the branch is loaded to 100 % at that end.
        """
        return self._currents(self._added_voltage(1.0))

    @cached_property
    def current_per_kvar(self) -> np.ndarray:
        """`[2, B, n]` likewise of each kvar drawn."""
        return self._currents(self._added_voltage(1j))

    @cached_property
    def current(self) -> np.ndarray:
        """`[2, B]` complex, currents at the operating point, in the same parts."""
        return self._currents(self.voltage[:, None])[..., 0]

    def _added_voltage(self, drawn: complex) -> np.ndarray:
        """`[n, n]` complex: what a kVA of that kind drawn at a bus (second axis) adds to each voltage."""
        added = np.zeros((len(self.voltage), len(self.voltage)), complex)
        per_unit = drawn / self.network.base_kva
        added[1:, 1:] = -self.network.impedances[self.tap] * np.conj(per_unit / self.voltage[1:])
        return added

    def _magnitudes(self, added: np.ndarray) -> np.ndarray:
        return (np.conj(self.voltage / np.abs(self.voltage))[:, None] * added).real

    def _currents(self, voltages: np.ndarray) -> np.ndarray:
        tap, network = self.network.admittances[self.tap], self.network
        return np.stack(
            [
                tap.branch_from @ voltages / network.limit_from[:, None],
                tap.branch_to @ voltages / network.limit_to[:, None],
            ]
        )


def marginal_losses(network: Network, taps: np.ndarray, voltage: np.ndarray, power: np.ndarray) -> np.ndarray:
    """What each kVA more that is drawn at a bus adds to the losses, `[T, n]` complex.

    Losses of the series impedances are `Re(i* R i)` with the currents `i = -conj(s / v)` at the buses. The real part is
    that of a kW, in kW; the imaginary part that of a kvar.

    Args:
        network: The feeder's.
        taps: `[T]` numbers of positions of the tap changer.
        voltage: `[T, n]` complex per unit.
        power: `[T, n]` complex per unit, drawn at the buses.
    """
    marginal = np.zeros(voltage.shape, complex)
    currents = -np.conj(power[:, 1:] / voltage[:, 1:])
    for tap in np.unique(taps):
        of_tap = taps == tap
        resistance = network.impedances[tap].real
        drop = currents[of_tap] @ resistance.T
        turned = -2 * np.conj(drop) / np.conj(voltage[of_tap, 1:])
        marginal[of_tap, 1:] = turned.real + 1j * (turned * -1j).real
    return marginal
