import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrify.errors import ForecastError
from metrify.forecasting.evaluation import coverage, mean_interval_width, nrmse, pinball, wape
from metrify.forecasting.evaluation.by_group import (
    median_mase,
    metrics_by_district,
    metrics_by_interval,
    metrics_by_meter,
    portfolio_wape,
)
from metrify.forecasting.evaluation.loss_sums import LossSums, sum_by_meter
from metrify.forecasting.evaluation.scaled_errors import mase, scaled_errors

from .rows import LEVELS, Rows, draw_rows

METERS, HORIZON = 5, 6
IDS = np.array([f"m{code}" for code in range(METERS)], dtype=object)
DISTRICTS = np.array(["north", "south", "north", "south", "north"], dtype=object)
seeds = st.integers(0, 2**32 - 1)


def draw(seed: int) -> tuple[Rows, np.ndarray, LossSums]:
    rows = draw_rows(40, HORIZON, seed, dtype=np.float32)
    codes = np.random.default_rng(seed).integers(METERS, size=40)
    codes[:METERS] = np.arange(METERS)
    return rows, codes, sums_of(rows, codes)


def sums_of(rows: Rows, codes: np.ndarray) -> LossSums:
    return sum_by_meter(codes, METERS, rows.point, rows.quantiles, LEVELS, rows.actual, rows.scale)


def expected_metrics(rows: Rows, where: np.ndarray) -> dict[str, float]:
    """The single figures of some rows, or of some rows at some intervals."""
    point, quantiles, actual = rows.point[where], rows.quantiles[where], rows.actual[where]
    return {
        "wape": wape(point, actual),
        "nrmse": nrmse(point, actual),
        "mase": float(np.nanmean(scaled_errors(rows.point, rows.actual, rows.scale)[where])),
        "pinball": pinball(quantiles, actual, LEVELS),
        "coverage": coverage(quantiles, actual),
        "interval_width_kwh": mean_interval_width(quantiles, actual),
    }


def assert_group(frame: pd.DataFrame, group: object, expected: dict[str, float], rows: int) -> None:
    found = frame[frame["group"] == group]
    assert dict(zip(found["metric"], found["value"], strict=True)) == pytest.approx(expected, rel=1e-5)
    assert set(found["rows"]) == {rows}


@given(seeds)
@settings(max_examples=20)
def test_each_group_has_the_figures_of_its_rows_alone(seed: int) -> None:
    rows, codes, sums = draw(seed)
    seen = (~np.isnan(rows.actual)).any(axis=1)
    by_meter, by_district = metrics_by_meter(sums, IDS), metrics_by_district(sums, DISTRICTS)
    for code, meter in enumerate(IDS):
        where = codes == code
        assert_group(by_meter, meter, expected_metrics(rows, where), (seen & where).sum())
    for district in ("north", "south"):
        where = DISTRICTS[codes] == district
        assert_group(by_district, district, expected_metrics(rows, where), (seen & where).sum())


@given(seeds)
@settings(max_examples=20)
def test_each_interval_has_the_figures_of_its_column_alone(seed: int) -> None:
    rows, _, sums = draw(seed)
    frame = metrics_by_interval(sums)
    for interval in range(HORIZON):
        where = np.zeros(rows.actual.shape, dtype=bool)
        where[:, interval] = True
        count = (~np.isnan(rows.actual[:, interval])).sum()
        assert_group(frame, interval, expected_metrics(rows, where), count)


@given(seeds)
@settings(max_examples=20)
def test_the_order_of_rows_does_not_matter(seed: int) -> None:
    rows, codes, sums = draw(seed)
    order = np.random.default_rng(seed).permutation(len(codes))
    mixed = Rows(rows.point[order], rows.quantiles[order], rows.actual[order], rows.scale[order])
    pd.testing.assert_frame_equal(metrics_by_meter(sums_of(mixed, codes[order]), IDS), metrics_by_meter(sums, IDS))


def test_a_frame_is_tidy() -> None:
    frame = metrics_by_meter(draw(0)[2], IDS)
    assert list(frame.columns) == ["group", "metric", "value", "rows"]
    assert not frame.duplicated(["group", "metric"]).any()
    assert len(frame) == METERS * 6


def test_a_meter_without_readings_or_load_has_no_figure_and_no_warning() -> None:
    rows, codes, _ = draw(1)
    rows.actual[codes == 0] = np.nan
    rows.actual[codes == 1] = 0
    frame = metrics_by_meter(sums_of(rows, codes), IDS).set_index(["group", "metric"])
    assert frame.loc["m0", "value"].isna().all()
    assert (frame.loc["m0", "rows"] == 0).all()
    assert frame.loc["m1", "value"].isna().to_dict() == {
        "wape": True,
        "nrmse": True,
        "mase": False,
        "pinball": True,
        "coverage": False,
        "interval_width_kwh": False,
    }


def test_the_median_of_meters_is_not_moved_by_one_bad_meter() -> None:
    point, actual = np.array([[2.0], [3], [1_000]]), np.ones((3, 1))
    sums = sum_by_meter(np.arange(3), 3, point, point[..., None], (0.5,), actual, np.ones(3))
    assert median_mase(sums) == 2
    assert float(np.median(mase(point, actual, np.ones(3)))) == 2


def test_meters_without_a_scale_are_not_in_the_median() -> None:
    point, actual = np.array([[2.0], [3], [1_000]]), np.ones((3, 1))
    quantiles = point[..., None]
    assert median_mase(sum_by_meter(np.arange(3), 3, point, quantiles, (0.5,), actual, np.array([1, 1, 0]))) == 1.5
    with pytest.raises(ForecastError, match="No meter has a scaled error"):
        median_mase(sum_by_meter(np.arange(3), 3, point, quantiles, (0.5,), actual, np.zeros(3)))


def test_the_portfolio_is_the_sum_of_the_meters_that_were_measured() -> None:
    # Origin 0: 3 + 1 of 2 + 3. Origin 1, where the second meter is missing: 4 of 5.
    point = np.array([[3.0], [1], [4], [100]])
    actual = np.array([[2.0], [3], [5], [np.nan]])
    assert portfolio_wape(point, actual, np.array([0, 0, 1, 1])) == pytest.approx((1 + 1) / (5 + 5))


@given(seeds)
@settings(max_examples=20)
def test_errors_cancel_in_the_portfolio_and_never_add_up(seed: int) -> None:
    rows, codes, _ = draw(seed)
    assert portfolio_wape(rows.point, rows.actual, codes) <= wape(rows.point, rows.actual) * (1 + 1e-6)
    alone = np.arange(len(codes))
    assert portfolio_wape(rows.point, rows.actual, alone) == pytest.approx(wape(rows.point, rows.actual), rel=1e-6)


def test_a_hole_in_the_forecast_is_refused_by_the_portfolio() -> None:
    with pytest.raises(ForecastError, match="1 measured intervals have no forecast"):
        portfolio_wape(np.array([[np.nan]]), np.array([[1.0]]), np.array([0]))


def test_meters_need_a_code_and_a_district() -> None:
    rows, codes, sums = draw(2)
    with pytest.raises(ForecastError, match="39 meter codes for 40 rows"):
        sums_of(rows, codes[1:])
    with pytest.raises(ForecastError, match="1 meters have no district"):
        metrics_by_district(sums, np.array(["a", "a", None, "b", "b"], dtype=object))
