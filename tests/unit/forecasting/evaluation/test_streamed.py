"""Scores of batches are those of all rows at once."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrify.errors import ForecastError
from metrify.forecasting.evaluation import coverage, mean_interval_width, nrmse, pinball, wape
from metrify.forecasting.evaluation.by_group import median_mase, portfolio_wape
from metrify.forecasting.evaluation.loss_sums import sum_by_meter
from metrify.forecasting.evaluation.peaks import peak_errors
from metrify.forecasting.evaluation.streamed import ScoredRows, StreamedScores
from metrify.forecasting.expected_load import ExpectedLoad

from .rows import LEVELS, draw_rows

ROWS, METERS, ORIGINS, HORIZON, DAY = 60, 5, 7, 8, 4


@settings(max_examples=25)
@given(seed=st.integers(0, 2**32 - 1), batch=st.integers(1, ROWS), missing=st.sampled_from([0.0, 0.3]))
def test_batches_add_up_to_the_metrics_of_all_rows(seed: int, batch: int, missing: float) -> None:
    drawn = draw_rows(ROWS, HORIZON, seed, missing)
    generator = np.random.default_rng(seed)
    meters, origins = generator.integers(METERS, size=ROWS), generator.integers(ORIGINS, size=ROWS)
    scores = StreamedScores(METERS, ORIGINS, HORIZON, LEVELS, DAY)
    for first in range(0, ROWS, batch):
        part = slice(first, first + batch)
        rows = ScoredRows(meters[part], origins[part], drawn.actual[part], drawn.scale[part])
        scores.add(rows, drawn.quantiles[part])
    point, actual = drawn.quantiles[..., LEVELS.index(0.5)], drawn.actual
    peaks = peak_errors(point, actual, DAY)
    sums = sum_by_meter(meters, METERS, point, drawn.quantiles, LEVELS, actual, drawn.scale)
    assert scores.metrics() == pytest.approx(
        {
            "wape": wape(point, actual),
            "nrmse": nrmse(point, actual),
            "mase": median_mase(sums),
            "pinball": pinball(drawn.quantiles, actual, LEVELS),
            "coverage": coverage(drawn.quantiles, actual),
            "interval_width_kwh": mean_interval_width(drawn.quantiles, actual),
            "portfolio_wape": portfolio_wape(point, actual, origins),
            "peak_error": peaks.size,
            "peak_timing_intervals": peaks.timing_intervals,
        }
    )
    errors = np.abs(point - actual)
    expected = [np.nanmean(errors[origins == origin]) if (origins == origin).any() else np.nan for origin in range(7)]
    np.testing.assert_allclose(scores.loss_by_origin(), expected)
    np.testing.assert_array_equal(scores.sums.rows, sums.rows)


def test_the_portfolio_is_the_sum_of_means_where_there_are_weights() -> None:
    drawn, expected = draw_rows(ROWS, HORIZON, 3, missing=0.3), ExpectedLoad((0.1, 0, 0.5, 0, 0.4))
    meters, origins = np.arange(ROWS) % METERS, np.arange(ROWS) % ORIGINS
    scores = StreamedScores(METERS, ORIGINS, HORIZON, LEVELS, DAY, expected)
    for part in (slice(0, 25), slice(25, None)):
        rows = ScoredRows(meters[part], origins[part], drawn.actual[part], drawn.scale[part])
        scores.add(rows, drawn.quantiles[part])
    metrics, means = scores.metrics(), expected.of(drawn.quantiles)
    assert metrics["portfolio_wape"] == pytest.approx(portfolio_wape(means, drawn.actual, origins))
    median = drawn.quantiles[..., LEVELS.index(0.5)]
    assert metrics["portfolio_wape_of_medians"] == pytest.approx(portfolio_wape(median, drawn.actual, origins))
    assert metrics["wape"] == pytest.approx(wape(median, drawn.actual))


def test_what_is_not_defined_is_left_out() -> None:
    drawn = draw_rows(4, HORIZON, 1, missing=0)
    scores = StreamedScores(1, 1, HORIZON, LEVELS, 5)  # no whole days, and no scale
    zeros = np.zeros(4, int)
    scores.add(ScoredRows(zeros, zeros, drawn.actual, np.zeros(4)), drawn.quantiles)
    assert not {"mase", "peak_error", "peak_timing_intervals"} & set(scores.metrics())


def test_nothing_scored_and_no_load_are_errors() -> None:
    scores = StreamedScores(1, 1, HORIZON, LEVELS, DAY)
    with pytest.raises(ForecastError, match="No row"):
        scores.metrics()
    zeros = np.zeros(2, int)
    scores.add(ScoredRows(zeros, zeros, np.zeros((2, HORIZON)), np.ones(2)), np.ones((2, HORIZON, len(LEVELS))))
    with pytest.raises(ForecastError, match="sums to zero"):
        scores.metrics()
