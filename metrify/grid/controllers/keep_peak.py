"""Batteries draw less where more would flow in than the peak that there is or is aimed at."""

import numpy as np


def draw_less(battery_kw: np.ndarray, least_kw: np.ndarray, less_kw: np.ndarray) -> np.ndarray:
    """Batteries that together draw less, each by its part of what all can do, `[N, A]` kW.

    Args:
        battery_kw: `[N, A]` that they draw, negative where they feed in.
        least_kw: `[N, A]` that each draws at least.
        less_kw: `[N]` by which all together are to draw less, as far as they can; nothing where it is not above 0.
    """
    room = battery_kw - least_kw
    whole = np.maximum(room.sum(axis=1), 1e-9)
    return battery_kw - room * np.clip(less_kw / whole, 0, 1)[:, None]
