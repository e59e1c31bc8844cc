from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from metrify.errors import ForecastError
from metrify.forecasting.expected_load import ExpectedLoad, write_expected_load
from metrify.forecasting.onnx_model import OnnxModel
from metrify.forecasting.reconciliation import build_hierarchy
from metrify.forecasting.reconciliation.aggregate_forecasts import forecast_series

HIERARCHY = build_hierarchy(np.array(["a", "b", "c"]), np.array(["f", "f", "g"]))


def write_root(path: Path) -> Path:
    """Two intervals, whose quantiles are 1 and 3 times the root of the window's sum, plus the hour of the day."""
    graph = helper.make_graph(
        [
            helper.make_node("MatMul", ["load_window", "ones"], ["sum"]),
            helper.make_node("Sqrt", ["sum"], ["root"]),
            helper.make_node("Add", ["root", "hour"], ["point"]),
            helper.make_node("Unsqueeze", ["point", "last"], ["column"]),
            helper.make_node("Mul", ["column", "spread"], ["quantiles_kwh"]),
        ],
        "root",
        [
            helper.make_tensor_value_info("load_window", TensorProto.FLOAT, ["N", 4]),
            helper.make_tensor_value_info("hour", TensorProto.FLOAT, ["N", 2]),
        ],
        [helper.make_tensor_value_info("quantiles_kwh", TensorProto.FLOAT, ["N", 2, 2])],
        [
            numpy_helper.from_array(np.ones((4, 2), np.float32), "ones"),
            numpy_helper.from_array(np.array([2]), "last"),
            numpy_helper.from_array(np.array([1, 3], np.float32), "spread"),
        ],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=9), str(path))
    return path


def with_hours(windows: np.ndarray) -> dict[str, np.ndarray]:
    assert windows.dtype == np.float32
    return {"load_window": windows, "hour": np.tile(np.array([0, 1], np.float32), (len(windows), 1))}


def test_the_graph_is_asked_for_sums_of_windows(tmp_path: Path) -> None:
    write_expected_load(write_root(tmp_path / "m.onnx"), ExpectedLoad((0.5, 0.5)))
    windows = np.repeat(np.array([[1.0], [3], [5]], np.float32), 4, axis=1)
    base = forecast_series(OnnxModel(tmp_path / "m.onnx"), HIERARCHY, windows, with_hours)
    roots = np.sqrt(4 * np.array([9, 4, 5, 1, 3, 5]))  # total, f, g and the meters
    np.testing.assert_allclose(base, 2 * np.stack([roots, roots + 1], axis=1), rtol=1e-6)
    assert HIERARCHY.names.tolist() == ["total", "f", "g", "a", "b", "c"]


def test_what_can_not_be_summed_is_refused(tmp_path: Path) -> None:
    graph = OnnxModel(write_root(tmp_path / "m.onnx"))
    with pytest.raises(ForecastError, match="no weights that make means"):
        forecast_series(graph, HIERARCHY, np.ones((3, 4)), with_hours)
    write_expected_load(tmp_path / "m.onnx", ExpectedLoad((0.5, 0.5)))
    graph = OnnxModel(tmp_path / "m.onnx")
    with pytest.raises(ForecastError, match=r"where \[3, K\] is needed"):
        forecast_series(graph, HIERARCHY, np.ones((2, 4)), with_hours)
    with pytest.raises(ForecastError, match="1 values of the hierarchy are missing"):
        forecast_series(graph, HIERARCHY, np.array([[1, 1, 1, np.nan], [1] * 4, [1] * 4]), with_hours)
