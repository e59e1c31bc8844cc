import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrify.anomaly.evaluation.soft_labels import soften_labels

from .made_up import draw_events, events_of

SHAPE = (3, 30)


def test_slopes_fall_off_with_the_square_root_over_half_of_the_buffer() -> None:
    near, far = np.sqrt(1 - 1 / 5), np.sqrt(1 - 2 / 5)
    soft = soften_labels(events_of((0, 3, 5)), (2, 9), 5)
    np.testing.assert_allclose(soft, [[0, far, near, 1, 1, near, far, 0, 0], [0] * 9])


@pytest.mark.parametrize("buffer_days", [0, 1])
def test_without_half_a_day_of_buffer_labels_stay_as_they_are(buffer_days: int) -> None:
    events = draw_events(SHAPE, 4, 0)
    np.testing.assert_array_equal(soften_labels(events, SHAPE, buffer_days), events.labels(SHAPE))


def test_slopes_end_with_the_days_of_a_meter() -> None:
    soft = soften_labels(events_of((0, 0, 1), (1, 3, 4)), (3, 4), 4)
    np.testing.assert_allclose(soft, [[1, 0.75**0.5, 0.5**0.5, 0], [0, 0.5**0.5, 0.75**0.5, 1], [0] * 4])


def test_a_day_on_two_slopes_has_no_more_than_one() -> None:
    soft = soften_labels(events_of((0, 0, 1), (0, 4, 5)), (1, 5), 4)  # 0.71 from both sides on day 2
    np.testing.assert_allclose(soft, [[1, 0.75**0.5, 1, 0.75**0.5, 1]])


@given(st.integers(0, 2**32 - 1), st.integers(0, 12))
def test_a_longer_buffer_never_lowers_a_label(seed: int, buffer_days: int) -> None:
    events = draw_events(SHAPE, 3, seed)
    soft = soften_labels(events, SHAPE, buffer_days)
    assert (soften_labels(events, SHAPE, buffer_days + 1) >= soft).all()
    assert (soft[events.labels(SHAPE)] == 1).all()
    assert (soft <= 1).all()
