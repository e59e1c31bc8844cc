"""Positions of the tap changer that cost least, for powers that are given."""

import numpy as np

from metrify.grid.network import Network
from metrify.grid.power_flow import solve_power_flow
from metrify.grid.settlement import BREACH_EUR, HARD_BAND_PU, PLANNING_BAND_PU
from metrify.grid.tariff import Tariff

_MOVE_EUR = 0.02  # what a move by one position has to save: mechanisms bear some hundred thousand in their life


def choose_taps(
    network: Network, kw: np.ndarray, kvar: np.ndarray, hours: np.ndarray, now: int, tariff: Tariff
) -> np.ndarray:
    """The cheapest sequence of positions, by losses, bands of voltages and moves, `[T]`.

    It is found by dynamic programming over the positions (Bellman 1957), each step's power flow being independent of
    all others.

    Args:
        network: The feeder's.
        kw: `[T, n]` drawn at each bus.
        kvar: `[T, n]` likewise.
        hours: `[T]` of each step.
        now: The position before the first step.
        tariff: Prices.

    Raises:
        GridError: There is no such position.
        PowerFlowError: A step has no solution.
    """
    positions, steps = np.array(network.taps), len(kw)
    network.tap_numbers(np.array([now]))
    if len(positions) == 1:
        return np.full(steps, now)
    flow = solve_power_flow(
        network, np.tile(kw, (len(positions), 1)), np.tile(kvar, (len(positions), 1)), np.repeat(positions, steps)
    )
    deviation = np.abs(flow.voltage_pu - 1).max(axis=1)
    breach = np.maximum(deviation - HARD_BAND_PU, 0) + np.maximum(flow.loading_percent.max(axis=1) / 100 - 1, 0)
    band = np.maximum(deviation - PLANNING_BAND_PU, 0) * tariff.out_of_band_eur_per_pu_hour
    per_hour = flow.losses_kw * tariff.losses_eur_per_kwh + band
    cost = (per_hour.reshape(len(positions), steps) * hours + BREACH_EUR * breach.reshape(len(positions), steps)).T
    moving = _MOVE_EUR * np.abs(positions[:, None] - positions)
    total = cost[0] + _MOVE_EUR * np.abs(positions - now)
    came_from = np.zeros((steps, len(positions)), int)
    for step in range(1, steps):
        ways = total[:, None] + moving
        came_from[step] = ways.argmin(axis=0)
        total = ways.min(axis=0) + cost[step]
    chosen = np.empty(steps, int)
    chosen[-1] = total.argmin()
    for step in range(steps - 1, 0, -1):
        chosen[step - 1] = came_from[step, chosen[step]]
    return positions[chosen]
