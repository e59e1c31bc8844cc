from pathlib import Path

import numpy as np
import onnx
import pytest

from metrify.forecasting.intervals import IntervalCalibration
from metrify.forecasting.onnx_model import OnnxModel
from metrify.forecasting.training.calibrate_graph import calibrate_graph
from metrify.forecasting.uncalibrated import write_uncalibrated

from .conftest import DAY, KINDS, WITHOUT_CALENDAR, Features, Trained, train_one

EVERY_LEVEL = -1


def strange_windows(kind: str) -> np.ndarray:
    generator = np.random.default_rng(9)
    windows = {
        "random": generator.gamma(0.3, 5, (50, 28 * DAY)),
        "zero": np.zeros((3, 28 * DAY)),
        "constant": np.full((3, 28 * DAY), 7.5),
        "one spike": np.eye(3, 28 * DAY, 27 * DAY) * 1e4,
        "feed-in": generator.normal(-1, 3, (50, 28 * DAY)),
        "tiny": generator.gamma(2, 1e-7, (3, 28 * DAY)),
        "huge": generator.gamma(2, 1e6, (3, 28 * DAY)),
    }
    return windows[kind].astype(np.float32)


def with_windows(trained: Trained, windows: np.ndarray) -> Features:
    return {**trained.rows(len(windows)), "load_window": windows}


def test_what_is_served_is_what_was_trained(trained: Trained) -> None:
    rows = trained.rows(200)
    served = trained.onnx.predict(rows)
    ours = trained.keras.predict({name: rows[name] for name in trained.onnx.input_names}, verbose=0)
    scale = np.abs(rows["load_window"]).mean(axis=1)[:, None, None]
    assert (np.abs(served - ours) / np.maximum(np.abs(ours), scale)).max() < 1e-5


def test_the_graph_names_its_tensors_and_leaves_the_batch_open(trained: Trained) -> None:
    graph = onnx.load(trained.path).graph
    others = ["window_rest_day", "horizon_calendar", "meter_code", "static_tariff"] if trained.time_features else []
    assert [tensor.name for tensor in graph.input] == list(trained.onnx.input_names) == ["load_window", *others]
    assert [tensor.name for tensor in graph.output] == ["quantiles_kwh"]
    assert not graph.input[0].type.tensor_type.shape.dim[0].dim_value
    assert trained.onnx.predict(trained.rows(3)).shape == (3, DAY, len(trained.config.quantiles))


@pytest.mark.parametrize("kind", ["random", "zero", "constant", "one spike", "feed-in", "tiny", "huge"])
def test_quantiles_never_cross_and_are_never_negative(trained: Trained, kind: str) -> None:
    quantiles = trained.onnx.predict(with_windows(trained, strange_windows(kind)))
    assert np.isfinite(quantiles).all()
    assert (np.diff(quantiles, axis=EVERY_LEVEL) >= 0).all()
    assert (quantiles >= 0).all()


def test_quantiles_are_apart_where_loads_are_uncertain(trained: Trained) -> None:
    quantiles = trained.onnx.predict(trained.rows(50))
    assert (quantiles[..., -1] > quantiles[..., 0]).all()


def test_a_meter_without_load_is_forecast_without_load(trained: Trained) -> None:
    assert trained.onnx.predict(with_windows(trained, strange_windows("zero"))).max() < 0.01


@pytest.mark.parametrize("factor", [0.25, 3, 1_000])
def test_a_load_of_another_size_has_a_forecast_of_that_size(trained: Trained, factor: float) -> None:
    rows = trained.rows(20)
    scaled = {**rows, "load_window": rows["load_window"] * np.float32(factor)}
    expected = factor * trained.onnx.predict(rows)
    np.testing.assert_allclose(trained.onnx.predict(scaled), expected, rtol=1e-4, atol=1e-5 * expected.max())


@pytest.mark.parametrize("batch_size", [1, 7, 64])
def test_a_row_does_not_depend_on_the_rows_beside_it(trained: Trained, batch_size: int) -> None:
    rows = trained.rows(65)
    together = trained.onnx.predict(rows)
    apart = trained.onnx.predict_in_batches(rows, batch_size)
    np.testing.assert_allclose(apart, together, rtol=1e-5, atol=1e-6)


def test_the_losses_of_each_epoch_are_told(trained: Trained) -> None:
    steps = trained.config.steps_of_fit
    assert trained.told == list(range(1, steps + 1))
    assert len(trained.losses) == steps
    for losses in trained.losses:
        assert 0 < losses["val_loss"] < 1
        assert 0 < losses["loss"] < 1


def test_the_calendar_matters_if_it_was_asked_for(trained: Trained) -> None:
    rows = trained.rows(20)
    other = {**rows, **{name: 1 - values for name, values in rows.items() if name != "load_window"}}
    assert np.array_equal(trained.onnx.predict(rows), trained.onnx.predict(other)) != trained.time_features


@pytest.mark.parametrize("trained", [WITHOUT_CALENDAR], indirect=True, ids=str)
def test_the_seed_decides(trained: Trained, tmp_path: Path) -> None:
    same = train_one(tmp_path, *WITHOUT_CALENDAR)
    for before, after in zip(trained.losses, same.losses, strict=True):
        assert after == pytest.approx(before, rel=1e-4)  # threads sum in an order of their own
    rows = same.rows(10)
    np.testing.assert_allclose(trained.onnx.predict(rows), same.onnx.predict(rows), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("trained", KINDS[:1], indirect=True, ids=str)
def test_it_is_calibrated_inside_its_graph(trained: Trained, tmp_path: Path) -> None:
    rows, path = trained.rows(20), tmp_path / "model.onnx"
    raw = trained.onnx.predict(rows)
    factor = np.random.default_rng(4).uniform(0.2, 3, raw.shape[1:])
    factor[:, trained.config.quantiles.index(0.5)] = 1
    calibration = IntervalCalibration(trained.config.quantiles, factor, np.zeros_like(factor), True)
    path.write_bytes(trained.path.read_bytes())
    calibrate_graph(path, calibration)
    said = OnnxModel(path).predict(rows)
    np.testing.assert_allclose(said, calibration.apply(raw), rtol=1e-6, atol=1e-6)
    assert write_uncalibrated(path, tmp_path / "before.onnx")
    np.testing.assert_array_equal(OnnxModel(tmp_path / "before.onnx").predict(rows), raw)
