from pathlib import Path

import numpy as np
import pytest

from metrify import ConsumptionForecastingModel, ConsumptionModelConfig
from metrify.errors import ConfigError, UsageError
from metrify.forecasting.onnx_model import OnnxModel

from .conftest import CONFIG, DAY, LENGTH, Trained, draw_rows


def test_training_tells_its_losses(trained: Trained) -> None:
    assert len(trained.losses) == 1
    assert 0 < trained.losses[0]["val_loss"] < 1


def test_the_point_forecast_is_the_median_of_quantiles_that_rise(trained: Trained) -> None:
    windows, actual = draw_rows(10, 5)
    quantiles = trained.model.predict_quantiles(windows)
    assert quantiles.shape == (10, DAY, 3)
    assert (np.diff(quantiles, axis=-1) >= 0).all()
    np.testing.assert_array_equal(trained.model.predict(windows), quantiles[..., 1])
    assert np.abs(trained.model.predict(windows) - actual).mean() < np.abs(actual - actual.mean()).mean()


def test_what_is_exported_is_what_predicts(trained: Trained, tmp_path: Path) -> None:
    windows, _ = draw_rows(3, 6)
    served = OnnxModel(trained.model.export_onnx(tmp_path / "model.onnx"))
    np.testing.assert_array_equal(served.predict({"load_window": windows}), trained.model.predict_quantiles(windows))


def test_an_untrained_model_says_so(tmp_path: Path) -> None:
    model = ConsumptionForecastingModel(CONFIG)
    for ask in (lambda: model.predict(draw_rows(1, 0)[0]), lambda: model.export_onnx(tmp_path / "model.onnx")):
        with pytest.raises(UsageError, match="not trained") as raised:
            ask()
        assert "train" in raised.value.mend


@pytest.mark.parametrize(
    ("X", "part"),
    [
        (np.zeros((2, LENGTH - 1)), r"shape \[2, 671\] where \[N, 672\]"),
        (np.zeros(LENGTH), r"shape \[672\]"),
        (np.zeros((0, LENGTH)), r"shape \[0, 672\]"),
        (np.full((2, LENGTH), np.nan), r"2 row\(s\) with NaN"),
        ([["a"] * LENGTH], "no array of numbers"),
        ({}, "no feature"),
        ({"temperature": np.zeros((2, LENGTH))}, "temperature"),
        ({"load_window": np.zeros((2, LENGTH)), "window_rest_day": np.zeros((2, LENGTH))}, "window_rest_day"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(trained: Trained, X: object, part: str) -> None:
    with pytest.raises(UsageError, match=part) as raised:
        trained.model.predict(X)  # type: ignore[arg-type]
    assert raised.value.mend


def test_other_features_than_in_training_are_refused(trained: Trained) -> None:
    X = {
        "load_window": np.zeros((2, LENGTH)),
        "window_rest_day": np.zeros((2, LENGTH)),
        "horizon_calendar": np.zeros((2, DAY, 5)),
    }
    with pytest.raises(UsageError, match="was trained with load_window"):
        trained.model.predict(X)
    with pytest.raises(UsageError, match="X_train has load_window and X_val has load_window, window_rest_day"):
        trained.model.train(*draw_rows(2, 0), X, draw_rows(2, 0)[1])


@pytest.mark.parametrize(
    ("y", "part"),
    [
        (np.zeros((2, DAY + 1)), r"y_train has shape \[2, 25\]"),
        (np.zeros((3, DAY)), "y_train has 3 rows and its features have 2"),
        (np.full((2, DAY), np.inf), "y_train has 2"),
    ],
)
def test_targets_that_do_not_fit_are_refused(y: np.ndarray, part: str) -> None:
    with pytest.raises(UsageError, match=part):
        ConsumptionForecastingModel(CONFIG).train(draw_rows(2, 0)[0], y, *draw_rows(2, 0))


def test_sizes_that_do_not_fit_each_other_are_refused() -> None:
    model = ConsumptionForecastingModel(ConsumptionModelConfig(sequence_length=48))
    rows = np.zeros((2, 48)), np.zeros((2, DAY))
    with pytest.raises(ConfigError, match="doesn't fit"):
        model.train(*rows, *rows)


def test_codes_of_meters_and_their_classes_are_numbers_of_rows(trained: Trained) -> None:
    X = {"load_window": np.zeros((2, LENGTH)), "meter_code": np.zeros(2), "static_tariff": np.zeros(2)}
    with pytest.raises(UsageError, match=r"X has load_window, meter_code, static_tariff; .* was trained with"):
        trained.model.predict(X)
    with pytest.raises(UsageError, match=r"X\['static_tariff'\] has shape \[2, 1\] where \[N\]"):
        trained.model.predict(X | {"static_tariff": np.zeros((2, 1))})
