"""Reactive power of inverters with which the feeder loses least, in one step.

With currents `i = conj(s / v)` and the impedances `Z` of the buses, what is lost is about `i^H Re(Z) i`, a quadratic
function of reactive power while voltages `v` stay as they are. It is minimised within what inverters can do by
coordinate descent, which finds the minimum of a convex function with bounds on each variable alone (Tseng 2001,
doi 10.1023/A:1017501703105).
"""

import numpy as np

from metrify.grid.feeder import Feeder

_SWEEPS = 30
_TOLERANCE_KVAR = 1e-3


def least_loss_kvar(
    feeder: Feeder, tap: int, voltage: np.ndarray, kw: np.ndarray, kvar: np.ndarray, room_kvar: np.ndarray
) -> np.ndarray:
    """What each inverter draws, `[P]` kvar.

    Args:
        feeder: What is connected.
        tap: Number of the tap changer's position.
        voltage: `[n]` complex per unit.
        kw: `[n]` drawn at each bus.
        kvar: `[n]` drawn at each bus by all but inverters.
        room_kvar: `[P]` that each can draw or feed in.
    """
    if not len(room_kvar):
        return np.zeros(0)
    base, resistance = feeder.network.base_kva, feeder.network.impedances[tap].real
    turned = 1 / np.conj(voltage[1:])
    current = (kw[1:] - 1j * kvar[1:]) / base * turned
    of_kvar = (feeder.pv_at[:, 1:] * (-1j / base * turned)).T
    bend = 2 * (np.conj(of_kvar).T @ (resistance @ of_kvar)).real
    slope = 2 * (np.conj(of_kvar).T @ (resistance @ current)).real
    found = np.zeros(len(room_kvar))
    curvature = np.maximum(np.diag(bend), 1e-15)
    for _ in range(_SWEEPS):
        before = found.copy()
        for number, room in enumerate(room_kvar):
            pull = slope[number] + bend[number] @ found - bend[number, number] * found[number]
            found[number] = min(max(-pull / curvature[number], -room), room)
        if np.abs(found - before).max() < _TOLERANCE_KVAR:
            break
    return found
