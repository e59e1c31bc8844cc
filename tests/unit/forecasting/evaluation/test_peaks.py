import numpy as np
import pytest

from metrify.errors import ForecastError
from metrify.forecasting.evaluation.peaks import peak_errors


def test_size_and_time_by_hand() -> None:
    actual = np.array([[1.0, 4, 1, 1], [2, 2, 2, 10]])
    point = np.array([[1.0, 1, 1, 5], [8, 1, 1, 1]])
    errors = peak_errors(point, actual, 4)
    assert errors.size == pytest.approx((0.25 + 0.2) / 2)
    assert errors.timing_intervals == pytest.approx((2 + 3) / 2)
    assert errors.days == 2


def test_each_day_of_a_longer_horizon_has_its_peak() -> None:
    actual = np.array([[1.0, 2, 8, 4]])
    errors = peak_errors(np.array([[1.0, 3, 8, 4]]), actual, 2)
    assert (errors.size, errors.timing_intervals, errors.days) == (0.25, 0, 2)


def test_a_day_with_a_gap_or_without_a_peak_is_not_scored() -> None:
    actual = np.array([[1.0, np.nan], [0, 0], [-1, -2], [1, 2]])
    assert peak_errors(np.tile([9.0, 2], (4, 1)), actual, 2).days == 1
    with pytest.raises(ForecastError, match="No day was measured wholly"):
        peak_errors(np.ones((3, 2)), actual[:3], 2)


def test_a_flat_forecast_is_early_and_not_right_by_chance() -> None:
    assert peak_errors(np.ones((1, 4)), np.array([[1.0, 1, 1, 2]]), 4).timing_intervals == 3


@pytest.mark.parametrize("day_length", [0, 3, 8])
def test_parts_of_days_are_refused(day_length: int) -> None:
    with pytest.raises(ForecastError, match=f"4 intervals is not made of days of {day_length}"):
        peak_errors(np.ones((1, 4)), np.ones((1, 4)), day_length)


def test_a_missing_forecast_is_refused() -> None:
    with pytest.raises(ForecastError, match="1 measured intervals have no forecast"):
        peak_errors(np.array([[1.0, np.nan]]), np.ones((1, 2)), 2)
