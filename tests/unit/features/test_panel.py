"""Lags, rolling statistics and the origin's calendar of all meters at all origins."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrify.errors import ConfigError
from metrify.features.batch import FeatureBatch
from metrify.features.panel import compute_panel
from metrify.features.specification import FEATURES, compute_features
from metrify.readings.matrix import ReadingsMatrix

from .loads import START, TABLE_FEATURES, context_of, draw_matrix, matrices

LAG_HOURS = (1, 2, 3, 24, 48, 168, 336)
ROLLING_HOURS = (24, 168)


def panel_of(matrix: ReadingsMatrix, first: int = 0, last: int | None = None) -> dict[str, np.ndarray]:
    last = matrix.kwh.shape[1] if last is None else last
    return compute_panel(TABLE_FEATURES, matrix, context_of(matrix.resolution_minutes), first, last)


def assert_same(left: dict[str, np.ndarray], right: dict[str, np.ndarray]) -> None:
    assert set(left) == set(right) == {feature.name for feature in TABLE_FEATURES}
    for name, values in left.items():
        np.testing.assert_array_equal(values, right[name], err_msg=name)


def in_pandas(matrix: ReadingsMatrix) -> dict[str, np.ndarray]:
    """The load statistics at the start of each interval, as one would write them in pandas."""
    meters, intervals = matrix.kwh.shape
    frame = pd.DataFrame({"meter": np.repeat(np.arange(meters), intervals), "kwh": matrix.kwh.ravel().astype(float)})
    per_hour = 60 // matrix.resolution_minutes
    by_meter = frame.groupby("meter")["kwh"]
    columns = {f"lag_{hours}h": by_meter.shift(hours * per_hour) for hours in LAG_HOURS}
    before = frame.assign(kwh=by_meter.shift(1)).groupby("meter")["kwh"]
    for hours in ROLLING_HOURS:
        rolling = before.rolling(hours * per_hour, min_periods=hours * per_hour // 2)
        for statistic, values in (
            ("mean", rolling.mean()),
            ("std", rolling.std(ddof=0)),
            ("min", rolling.min()),
            ("max", rolling.max()),
        ):
            columns[f"rolling_{statistic}_{hours}h"] = values
    return {name: values.to_numpy().reshape(meters, intervals) for name, values in columns.items()}


@pytest.mark.parametrize("resolution_minutes", [15, 30, 60])
@pytest.mark.parametrize("missing", [0.0, 0.1, 0.5])
def test_every_value_is_that_of_pandas(resolution_minutes: int, missing: float) -> None:
    matrix = draw_matrix(3, 400 * 60 // resolution_minutes, 5, missing, resolution_minutes)
    panel, expected = panel_of(matrix), in_pandas(matrix)
    for name, values in expected.items():
        assert panel[name].dtype == np.float32
        np.testing.assert_allclose(panel[name][:, :-1], values, rtol=1e-6, atol=1e-6, err_msg=name)
        assert np.isfinite(values).any()


@given(matrices)
@settings(max_examples=30)
def test_the_calendar_is_the_local_one_of_the_origin(matrix: ReadingsMatrix) -> None:
    panel = panel_of(matrix)
    intervals = matrix.kwh.shape[1]
    local = pd.date_range(START, periods=intervals + 1, freq="h").tz_convert("Europe/Berlin")
    for row in range(len(matrix.kwh)):
        np.testing.assert_array_equal(panel["origin_hour"][row], local.hour)
        np.testing.assert_array_equal(panel["origin_day_of_week"][row], local.dayofweek)
        angle = np.arctan2(panel["origin_hour_sine"][row], panel["origin_hour_cosine"][row]) % (2 * np.pi)
        np.testing.assert_allclose(angle * 24 / (2 * np.pi) % 24, local.hour, atol=1e-5)
        easter = local.strftime("%m-%d").isin(["03-29", "04-01"])  # Good Friday and Easter Monday
        np.testing.assert_array_equal(panel["origin_rest_day"][row], (local.dayofweek >= 5) | easter)


@given(matrices, st.data())
@settings(max_examples=50)
def test_one_origin_online_is_the_same_as_in_the_panel(matrix: ReadingsMatrix, data: st.DataObject) -> None:
    intervals = matrix.kwh.shape[1]
    origin = data.draw(st.integers(336, intervals))
    length = data.draw(st.integers(336, origin))
    times = np.full(len(matrix.kwh), (START + origin * pd.Timedelta("1h")).tz_localize(None).to_datetime64())
    batch = FeatureBatch(matrix.kwh[:, origin - length : origin], times, context_of(60, length))
    online, offline = compute_features(TABLE_FEATURES, batch), panel_of(matrix)
    for name, values in online.items():
        # 1.2e-7 is the distance of neighbouring float32 values; only the order of additions differs.
        np.testing.assert_allclose(values, offline[name][:, origin], rtol=1.2e-7, atol=1e-12, err_msg=name)
        if not name.startswith("rolling_"):
            np.testing.assert_array_equal(values, offline[name][:, origin])


@given(matrices, st.randoms(use_true_random=False))
@settings(max_examples=30)
def test_permuting_the_meters_permutes_the_rows(matrix: ReadingsMatrix, random) -> None:
    order = list(range(len(matrix.kwh)))
    random.shuffle(order)
    permuted = replace(matrix, meter_ids=matrix.meter_ids[order], kwh=matrix.kwh[order])
    assert_same(panel_of(permuted), {name: values[order] for name, values in panel_of(matrix).items()})


@given(matrices, st.data())
@settings(max_examples=30)
def test_another_meter_changes_nothing(matrix: ReadingsMatrix, data: st.DataObject) -> None:
    mine = data.draw(st.integers(0, len(matrix.kwh) - 1))
    change = data.draw(st.sampled_from([np.nan, 0.0, 1e9]))
    others = np.arange(len(matrix.kwh)) != mine
    changed = replace(matrix, kwh=np.where(others[:, None], np.float32(change), matrix.kwh))
    alone = replace(matrix, meter_ids=matrix.meter_ids[[mine]], kwh=matrix.kwh[[mine]])
    before = {name: values[[mine]] for name, values in panel_of(matrix).items()}
    assert_same({name: values[[mine]] for name, values in panel_of(changed).items()}, before)
    assert_same(panel_of(alone), before)


@given(matrices, st.data())
@settings(max_examples=50)
def test_nothing_from_the_origin_on_has_an_effect(matrix: ReadingsMatrix, data: st.DataObject) -> None:
    intervals = matrix.kwh.shape[1]
    origin = data.draw(st.integers(336, intervals))
    change = data.draw(st.sampled_from([np.nan, 0.0, -1e9, 1e9]))
    future = np.arange(intervals) >= origin
    changed = replace(matrix, kwh=np.where(future, np.float32(change), matrix.kwh))
    dropped = replace(matrix, kwh=matrix.kwh[:, :origin])
    before = panel_of(matrix, 0, origin)
    assert_same(panel_of(changed, 0, origin), before)
    assert_same(panel_of(dropped, 0, origin), before)


@given(matrices, st.integers(336, 400))
@settings(max_examples=30)
def test_the_reading_just_before_the_origin_has_an_effect(matrix: ReadingsMatrix, origin: int) -> None:
    origin = min(origin, matrix.kwh.shape[1])
    changed = replace(matrix, kwh=matrix.kwh.copy())
    changed.kwh[:, origin - 1] = 2e9
    panel = panel_of(changed, origin, origin)
    assert (panel["lag_1h"] == 2e9).all()
    enough = ~np.isnan(panel["rolling_max_24h"])
    assert (panel["rolling_max_24h"][enough] == 2e9).all()


@given(matrices, st.integers(1, 14))
@settings(max_examples=30)
def test_whole_days_of_delay_delay_the_features(matrix: ReadingsMatrix, days: int) -> None:
    unknown = np.full((len(matrix.kwh), 24 * days), np.nan, dtype=np.float32)
    later = replace(matrix, kwh=np.concatenate([unknown, matrix.kwh], axis=1))
    delayed = panel_of(later, 24 * days, later.kwh.shape[1])
    for name, values in panel_of(matrix).items():
        if not name.startswith("origin_"):
            np.testing.assert_array_equal(delayed[name], values, err_msg=name)
    start = replace(matrix, start=matrix.start - pd.Timedelta(days=days))
    for name, values in panel_of(start, 24 * days).items():
        if name.startswith("origin_"):
            np.testing.assert_array_equal(values, panel_of(matrix)[name][:, : values.shape[1]], err_msg=name)


@given(matrices, st.data())
@settings(max_examples=30)
def test_a_part_of_the_panel_is_that_part(matrix: ReadingsMatrix, data: st.DataObject) -> None:
    last = data.draw(st.integers(336, matrix.kwh.shape[1]))
    first = data.draw(st.integers(0, last))
    whole = panel_of(matrix)
    for name, values in panel_of(matrix, first, last).items():
        np.testing.assert_allclose(values, whole[name][:, first : last + 1], rtol=1.2e-7, atol=1e-12, err_msg=name)


def test_the_panel_leaves_the_readings_alone() -> None:
    matrix = draw_matrix(2, 400, 1)
    before = matrix.kwh.copy()
    for values in panel_of(matrix).values():
        values[:] = -1
    np.testing.assert_array_equal(matrix.kwh, before)


def test_more_history_than_there_is_is_refused_by_name() -> None:
    with pytest.raises(ConfigError, match="lag_336h needs 336 intervals of history where there are 335"):
        panel_of(draw_matrix(1, 400, 1), 0, 335)


@pytest.mark.parametrize(("first", "last"), [(-1, 336), (0, 401), (337, 336)])
def test_origins_outside_the_readings_are_refused(first: int, last: int) -> None:
    with pytest.raises(ConfigError, match=f"from {first} to {last} are not within the 400 intervals"):
        panel_of(draw_matrix(1, 400, 1), first, last)


def test_another_resolution_than_the_readings_is_refused() -> None:
    with pytest.raises(ConfigError, match="intervals of 60 minutes and the context says 30"):
        compute_panel(TABLE_FEATURES, draw_matrix(1, 400, 1), context_of(30), 0, 400)


@pytest.mark.parametrize("name", ["load_window", "horizon_calendar", "same_hour_profile"])
def test_a_feature_of_more_than_a_number_is_refused(name: str) -> None:
    features = [feature for feature in FEATURES if feature.name == name]
    with pytest.raises(ConfigError, match=rf"{name}@\d gives no single number"):
        compute_panel(features, draw_matrix(1, 400, 1), context_of(), 0, 400)


@pytest.mark.parametrize("name", ["rolling_mean_24h", "rolling_max_168h", "lag_48h", "origin_rest_day"])
def test_a_single_feature_is_the_same_alone(name: str) -> None:
    matrix = draw_matrix(3, 500, 2)
    alone = compute_panel([feature for feature in FEATURES if feature.name == name], matrix, context_of(), 0, 500)
    assert list(alone) == [name]
    np.testing.assert_array_equal(alone[name], panel_of(matrix)[name])
