"""AC power flow of many steps at once, by the fixed point of the bus impedances.

    v = w + Z conj(s / v)

with the voltages `w` where nothing is drawn, the impedances `Z` of the buses that are not the slack, and the powers `s`
injected there. It contracts as long as the network is loaded lightly enough to have a high-voltage solution
(Bernstein, Wang, Dall'Anese, Le Boudec and Zhao 2018, doi 10.1109/TPWRS.2018.2823277).
"""

from dataclasses import dataclass

import numpy as np

from metrify.errors import PowerFlowError
from metrify.grid.network import Network

_TOLERANCE = 1e-10  # per unit, of the last change of any voltage
_MOST_ITERATIONS = 100


@dataclass(frozen=True, eq=False)
class PowerFlow:
    """What flows in S steps.

    Attributes:
        voltage: `[S, n]` complex per unit, of the slack bus first.
        loading_percent: `[S, B]` of lines and transformers.
        losses_kw: `[S]`.
        slack_kw: `[S]` drawn from the grid above.
        slack_kvar: `[S]`, likewise.
    """

    voltage: np.ndarray
    loading_percent: np.ndarray
    losses_kw: np.ndarray
    slack_kw: np.ndarray
    slack_kvar: np.ndarray

    @property
    def voltage_pu(self) -> np.ndarray:
        """`[S, n]` magnitudes."""
        return np.abs(self.voltage)


def solve_power_flow(
    network: Network, drawn_kw: np.ndarray, drawn_kvar: np.ndarray, taps: np.ndarray | None = None
) -> PowerFlow:
    """Voltages, loadings and losses, to 1e-10 per unit.

    Args:
        network: The feeder's.
        drawn_kw: `[S, n]` drawn at each bus, negative where it is fed in; that of the slack bus is added to what flows
            through it.
        drawn_kvar: `[S, n]` likewise.
        taps: `[S]` positions of the tap changer; the one there is without it.

    Raises:
        GridError: There is no such position, or several and none is given.
        PowerFlowError: A step has no solution that can be found: the feeder is overloaded far beyond its limits.
    """
    power = (drawn_kw + 1j * drawn_kvar) / network.base_kva
    positions = np.full(len(power), network.taps[0]) if taps is None and len(network.taps) == 1 else taps
    numbers = network.tap_numbers(np.broadcast_to(np.asarray(positions), len(power)))
    voltage = np.empty(power.shape, complex)
    voltage[:, 0] = network.slack_voltage
    loading = np.empty((len(power), len(network.branch_names)))
    slack = np.empty(len(power), complex)
    for number in np.unique(numbers):
        steps = np.flatnonzero(numbers == number)
        voltage[steps, 1:] = _solve(network, int(number), power[steps, 1:], steps)
        tap, found = network.admittances[number], voltage[steps]
        loading[steps] = 100 * np.maximum(
            np.abs(found @ tap.branch_from.T) / network.limit_from, np.abs(found @ tap.branch_to.T) / network.limit_to
        )
        slack[steps] = found[:, 0] * np.conj(found @ tap.buses[0])
    lost = slack - power[:, 1:].sum(axis=1)
    slack += power[:, 0]
    slack_kva = slack * network.base_kva
    return PowerFlow(voltage, loading, lost.real * network.base_kva, slack_kva.real, slack_kva.imag)


def _solve(network: Network, number: int, power: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """Voltages `[S, n - 1]` complex of steps with the same position of the tap changer."""
    impedance, start = np.ascontiguousarray(network.impedances[number].T), network.open_voltages[number]
    injected = -np.conj(power)
    voltage = np.broadcast_to(start, power.shape)
    change = np.full(len(power), np.inf)
    for _ in range(_MOST_ITERATIONS):
        following = injected / np.conj(voltage) @ impedance + start
        change = np.abs(following - voltage).max(axis=1, initial=0)
        voltage = following
        if not (change > _TOLERANCE).any():  # a NaN is no number to go on from, either
            break
    failed = np.flatnonzero(~(change <= _TOLERANCE))
    if len(failed):
        raise PowerFlowError(
            f"The power flow of {network.name} has no solution in {len(failed)} of {len(power)} steps, the first of "
            f"them {steps[failed[0]]}.",
            "Draw less: the feeder is loaded far beyond its limits.",
        )
    return voltage
