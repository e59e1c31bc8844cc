"""Meters and times without a gap: what is summed over meters has to be of the same ones at all times."""

import numpy as np

from metrify.errors import ForecastError


def find_complete_block(present: np.ndarray, min_times: int) -> tuple[np.ndarray, np.ndarray]:
    """Finds many meters and many times at which all of them are present.

    Meters are taken one after another, the most complete ones first, and each costs the times that it lacks. Of the
    blocks that arise, it is the one with the most values.

    Args:
        present: `[M, T]` whether a meter has what is needed at a time.
        min_times: Times that are needed.

    Returns:
        `[m]` the meters, `[t]` the times, in their order.

    Raises:
        ForecastError: No meter is present so often.

    Example:
        >>> find_complete_block(np.array([[1, 1, 1], [0, 0, 1], [1, 1, 0]], bool), 1)
        (array([0, 2]), array([0, 1]))
    """
    order = np.argsort(-present.sum(axis=1), kind="stable")
    shared = np.logical_and.accumulate(present[order], axis=0)
    times = shared.sum(axis=1)
    values = np.where(times >= min_times, times * np.arange(1, len(order) + 1), 0)
    if not values.any():
        raise ForecastError(f"No meter has forecasts at {min_times} times.", "Bring more days, or more complete ones.")
    last = int(values.argmax())
    return np.sort(order[: last + 1]), np.flatnonzero(shared[last])
