"""What a plan would do exactly, where a learnt controller nearly does it.

Cheapest plans are corners of what is possible: batteries are idle, balance what flows in and out, or do all they can. A
network gives numbers near these, and being near costs: what is charged too little is sold for less than it is bought
for later. So numbers that are nearly a corner are taken for it.
"""

import numpy as np

_NEAR = 0.08  # of the power of all batteries


def snap_to_corners(battery_kw: np.ndarray, net_kw: np.ndarray, power_kw: np.ndarray) -> np.ndarray:
    """What batteries draw, all together idle or in balance where that is near, `[N, A]` kW.

    Args:
        battery_kw: `[N, A]` that is wanted.
        net_kw: `[N]` that flows into the feeder without batteries.
        power_kw: `[A]` that each can.
    """
    wanted, whole = battery_kw.sum(axis=1), max(float(power_kw.sum()), 1e-9)
    corners = np.stack([np.zeros_like(net_kw), -net_kw], axis=1)
    distance = np.abs(corners - wanted[:, None]) / whole
    nearest = distance.argmin(axis=1)
    rows = np.arange(len(wanted))
    moved = np.where(distance[rows, nearest] < _NEAR, corners[rows, nearest] - wanted, 0.0)
    return battery_kw + moved[:, None] * (power_kw / whole)
