from collections.abc import Callable

import numpy as np
import pytest

from metrify.drift.features import DRIFT_FEATURES, drift_features

DAY = 24
DAYS = 28
WEEK = 7 * DAY
Draw = Callable[..., np.ndarray]


@pytest.fixture
def windows(draw_windows: Draw) -> np.ndarray:
    return draw_windows(10, np.random.default_rng(0))


def day_of(**hours: float) -> np.ndarray:
    """A day of 1 kWh an hour but for some hours, for instance `h20=5`."""
    day = np.ones(DAY)
    for hour, kwh in hours.items():
        day[int(hour[1:])] = kwh
    return day


def month_of(before: np.ndarray, last_week: np.ndarray) -> np.ndarray:
    return np.concatenate([np.tile(before, 21), np.tile(last_week, 7)])[None].astype(np.float32)


def test_each_meter_has_a_row(windows: np.ndarray) -> None:
    rows = drift_features(windows, DAY)
    assert rows.shape == (10, len(DRIFT_FEATURES))
    assert tuple(rows.columns) == DRIFT_FEATURES
    assert np.isfinite(rows.to_numpy()).all()


@pytest.mark.parametrize("factor", [0.1, 3, 1_000])
def test_scaled_copies_of_a_profile_count_once(windows: np.ndarray, factor: float) -> None:
    copies = np.concatenate([windows, windows * np.float32(factor)])
    assert len(drift_features(copies, DAY)) == len(windows)


def test_incomplete_windows_are_left_out(windows: np.ndarray) -> None:
    windows[[0, 3], [5, -1]] = np.nan
    windows[7, 100] = np.inf
    assert len(drift_features(windows, DAY)) == 7
    assert drift_features(np.full((2, 672), np.nan, np.float32), DAY).shape == (0, len(DRIFT_FEATURES))


def test_a_meter_that_does_what_it_always_did_has_no_change() -> None:
    assert drift_features(month_of(day_of(h20=5), day_of(h20=5)), DAY).to_numpy().tolist() == [[0] * 5]


def test_the_level_is_the_logarithm_of_the_ratio() -> None:
    change = drift_features(month_of(100 * day_of(), 200 * day_of()), DAY).iloc[0]
    assert change["change_log_mean"] == pytest.approx(np.log(2), abs=1e-4)
    assert (change.drop("change_log_mean") == 0).all()


@pytest.mark.parametrize(("hour", "name"), [("h3", "night"), ("h12", "day"), ("h20", "evening"), ("h7", None)])
def test_energy_shows_at_the_hours_where_it_goes(hour: str, name: str | None) -> None:
    change = drift_features(month_of(day_of(), day_of(**{hour: 9})), DAY).iloc[0]  # 24 kWh a day become 32
    hours = {"night": 6, "day": 7, "evening": 5}
    for share, length in hours.items():
        expected = (length + 8 * (share == name)) / 32 - length / 24
        assert change[f"change_{share}_share"] == pytest.approx(expected, abs=1e-4)
    assert change["change_load_factor"] == pytest.approx((32 / 24) / 9 - 1, abs=1e-4)


def test_only_the_last_28_days_count(windows: np.ndarray) -> None:
    longer = np.concatenate([np.full((10, WEEK), 50, np.float32), windows], axis=1)
    assert drift_features(longer, DAY).equals(drift_features(windows, DAY))


def test_the_resolution_does_not_matter(windows: np.ndarray) -> None:
    quarters = np.repeat(windows / 4, 4, axis=1)
    hourly, quarterly = (drift_features(values, length) for values, length in ((windows, DAY), (quarters, 4 * DAY)))
    np.testing.assert_allclose(quarterly.to_numpy(), hourly.to_numpy(), atol=2e-3)


def test_a_meter_without_load_has_a_row_of_its_own() -> None:
    rows = drift_features(np.zeros((2, DAYS * DAY), np.float32), DAY)
    assert rows.to_numpy().tolist() == [[0] * 5]


@pytest.mark.parametrize(("before", "after"), [(1, 0), (0, 1)])
def test_a_meter_that_stops_or_starts_has_finite_changes(before: float, after: float) -> None:
    rows = drift_features(month_of(before * day_of(), after * day_of()), DAY)
    assert np.isfinite(rows.to_numpy()).all()
    assert np.sign(rows["change_log_mean"].item()) == np.sign(after - before)
