"""A network of comparisons puts anything in order."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrify.features.day_kernels.sorting_network import sorting_network


def apply(values: np.ndarray) -> np.ndarray:
    ordered = values.copy()
    for lower, upper in sorting_network(values.shape[-1]):
        pair = ordered[..., [lower, upper]]
        ordered[..., [lower, upper]] = np.sort(pair, axis=-1)
    return ordered


@pytest.mark.parametrize("length", range(1, 13))
def test_all_rows_of_0_and_1_come_in_order_and_so_does_anything(length: int) -> None:
    """The 0-1 principle: Knuth, The Art of Computer Programming 3, section 5.3.4."""
    rows = (np.arange(2**length)[:, None] >> np.arange(length)) & 1
    np.testing.assert_array_equal(apply(rows), np.sort(rows, axis=1))


@given(length=st.sampled_from([23, 24, 25, 48, 96, 144]), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=20)
def test_days_of_any_resolution_come_in_order(length: int, seed: int) -> None:
    values = np.random.default_rng(seed).integers(0, length, (5, length))
    np.testing.assert_array_equal(apply(values), np.sort(values, axis=1))
