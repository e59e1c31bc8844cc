"""Which places are compared, one pair after another, until any values are in order, whatever they are."""

from functools import lru_cache

import numpy as np


@lru_cache
def sorting_network(length: int) -> np.ndarray:
    """The odd-even merge sort of Batcher 1968, doi 10.1145/1468075.1468121, for any length.

    Args:
        length: How many values there are.

    Returns:
        `[C, 2]` places, the lower one first: where it holds the greater value, both are swapped.

    Example:
        >>> sorting_network(4).tolist()
        [[0, 1], [2, 3], [0, 2], [1, 3], [1, 2]]
    """
    pairs, run = [], 1
    while run < length:
        apart = run
        while apart >= 1:
            for first in range(apart % run, length - apart, 2 * apart):
                for place in range(first, min(first + apart, length - apart)):
                    if place // (2 * run) == (place + apart) // (2 * run):
                        pairs.append((place, place + apart))
            apart //= 2
        run *= 2
    return np.array(pairs, np.int64).reshape(-1, 2)
