"""A detector that asks how far a day lies from what a forecast expected of it."""

import numpy as np
import pytest

from metrify.anomaly.detector_model import DetectorModel
from metrify.anomaly.meter_days import MeterDays
from metrify.anomaly.training.fault_rows import FaultRows
from metrify.anomaly.training.forecast_residual import FORECAST_FEATURES, READINGS, ForecastDays, fit_forecast_residual
from metrify.config.anomaly_detection import AnomalyDetectionConfig
from metrify.errors import AnomalyError
from tests.unit.anomaly.made_up_days import DAY, make_up_days

_CONFIG = AnomalyDetectionConfig(forecast_epochs=2)
_LARGEST = 2.0  # what one reading can add, before the mean over the day


def rows_of(days: MeterDays) -> FaultRows:
    return FaultRows(days, 1, 10_000, 0)


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> DetectorModel:
    path = tmp_path_factory.mktemp("residual") / "detector.onnx"
    told: list[int] = []
    fitted = fit_forecast_residual(
        rows_of(make_up_days(20, 90)).measured, _CONFIG, lambda epoch, losses: told.append(epoch)
    )
    fitted.export_onnx(path)
    assert told == [1, 2] and fitted.curve[1]["loss"] < fitted.curve[0]["loss"]
    return DetectorModel(path)


@pytest.fixture
def features() -> dict[str, np.ndarray]:
    """Of days of meters that the fit never saw."""
    days = make_up_days(5, 40, seed=9)
    names = (*FORECAST_FEATURES.values(), READINGS)
    return days.features(names, *(index.ravel() for index in np.indices(days.shape)))


def score(graph: DetectorModel, features: dict[str, np.ndarray], **changes: np.ndarray) -> np.ndarray:
    return graph.predict(features | changes)["score"]


def test_days_that_differ_from_what_is_usual_have_higher_scores(
    graph: DetectorModel, features: dict[str, np.ndarray]
) -> None:
    readings = features[READINGS]
    usual = score(graph, features)
    assert 0 < np.median(usual) < 1
    for changed in (readings * 0, -readings, np.roll(readings, 5, axis=1), readings * 3):
        assert (score(graph, features, day_readings=changed) > usual).mean() > 0.95
    assert np.median(score(graph, features, day_readings=readings * 0.6)) > np.median(usual)


def test_a_home_of_twice_the_size_has_the_same_scores(graph: DetectorModel, features: dict[str, np.ndarray]) -> None:
    doubled = {name: features[name] * 2 for name in ("history_window", READINGS)}
    np.testing.assert_allclose(score(graph, features, **doubled), score(graph, features), rtol=0.05)


def test_one_reading_adds_no_more_than_its_share(graph: DetectorModel, features: dict[str, np.ndarray]) -> None:
    spiked = features[READINGS].copy()
    spiked[:, 3] = 1e6
    added = score(graph, features, day_readings=spiked) - score(graph, features)
    assert (added > 0).all() and (added <= _LARGEST / DAY + 1e-5).all()


def test_what_is_missing_is_no_anomaly(graph: DetectorModel, features: dict[str, np.ndarray]) -> None:
    """Missing readings add nothing, and nor does a day of which nothing was known before."""
    gap = features[READINGS].copy()
    gap[:, 3:9] = np.nan
    assert (score(graph, features, day_readings=gap) <= score(graph, features) + 1e-6).all()
    nothing = np.full_like(gap, np.nan)
    np.testing.assert_array_equal(score(graph, features, day_readings=nothing), 0)
    unknown = np.full_like(features["history_window"], np.nan)
    np.testing.assert_array_equal(score(graph, features, history_window=unknown), 0)


def test_rows_of_a_forecaster_are_the_days_and_what_was_known_before() -> None:
    days = make_up_days(3, 35)
    rows = ForecastDays(days, np.array([2, 0]), np.array([4, 1])).take(np.array([1]))
    np.testing.assert_array_equal(rows.features["load_window"][0], days.matrix.kwh[0, DAY : 29 * DAY])
    np.testing.assert_array_equal(rows.target_kwh[0], days.matrix.kwh[0, 29 * DAY : 30 * DAY])


def test_meters_whose_history_is_not_known_are_not_fitted_and_one_is_too_few() -> None:
    days = make_up_days(3, 60)
    kwh = days.matrix.kwh.copy()
    kwh[1:] = np.nan
    with pytest.raises(AnomalyError, match="1 meter with known days"):
        fit_forecast_residual(rows_of(days.with_kwh(kwh)).measured, _CONFIG, lambda epoch, losses: None)
