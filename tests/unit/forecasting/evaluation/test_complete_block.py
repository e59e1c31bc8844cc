import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrify.errors import ForecastError
from metrify.forecasting.evaluation.complete_block import find_complete_block


@given(st.integers(1, 12), st.integers(1, 15), st.floats(0, 1), st.integers(1, 3), st.integers(0, 2**32 - 1))
def test_a_block_has_no_gap_and_is_larger_than_any_single_meter(
    meters: int, times: int, share: float, least: int, seed: int
) -> None:
    present = np.random.default_rng(seed).random((meters, times)) < share
    if present.sum(axis=1).max() < least:
        with pytest.raises(ForecastError, match=f"at {least} times"):
            find_complete_block(present, least)
        return
    kept, at = find_complete_block(present, least)
    assert present[np.ix_(kept, at)].all()
    assert len(at) >= least
    assert len(kept) * len(at) >= present.sum(axis=1).max()
    assert (np.diff(kept) > 0).all()
    assert (np.diff(at) > 0).all()


def test_a_meter_that_lacks_many_times_is_left_out_and_a_time_that_few_lack_is_not() -> None:
    present = np.ones((10, 20), bool)
    present[3, 5:] = False
    present[7, 0] = False
    kept, at = find_complete_block(present, 1)
    assert kept.tolist() == [0, 1, 2, 4, 5, 6, 7, 8, 9]
    assert at.tolist() == list(range(1, 20))


def test_more_times_may_be_asked_for_than_make_the_largest_block() -> None:
    present = np.ones((10, 4), bool)
    present[1:, 3] = False
    assert [len(part) for part in find_complete_block(present, 1)] == [10, 3]
    assert [part.tolist() for part in find_complete_block(present, 4)] == [[0], [0, 1, 2, 3]]
