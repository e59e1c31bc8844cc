"""The calibration inside a graph is `IntervalCalibration.apply`, and can be taken out again."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper

from metrify.errors import ForecastError
from metrify.forecasting.intervals import IntervalCalibration
from metrify.forecasting.onnx_model import OnnxModel
from metrify.forecasting.training.calibrate_graph import calibrate_graph
from metrify.forecasting.uncalibrated import write_uncalibrated

LEVELS = {3: (0.1, 0.5, 0.9), 5: (0.05, 0.25, 0.5, 0.75, 0.95), 4: (0.1, 0.5, 0.7, 0.9), 1: (0.5,)}
HORIZON = 6


def write_graph(path: Path, levels: int) -> Path:
    """A model that answers with what it is asked."""
    shape = ["N", HORIZON, levels]
    graph = helper.make_graph(
        [helper.make_node("Identity", ["raw"], ["quantiles_kwh"])],
        "answer",
        [helper.make_tensor_value_info("raw", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("quantiles_kwh", TensorProto.FLOAT, shape)],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=9), str(path))
    return path


def draw(seed: int, levels: int, non_negative: bool, largest_factor: float) -> tuple[np.ndarray, IntervalCalibration]:
    """Quantiles in any order, also below zero, and factors of which some make them cross."""
    generator = np.random.default_rng(seed)
    quantiles = generator.normal(0.5, 2, (9, HORIZON, levels)).astype(np.float32)
    factor = generator.uniform(0, largest_factor, (HORIZON, levels))
    factor[:, LEVELS[levels].index(0.5)] = 1
    return quantiles, IntervalCalibration(LEVELS[levels], factor, np.zeros_like(factor), non_negative)


@settings(max_examples=60)
@given(
    seed=st.integers(0, 2**32 - 1),
    levels=st.sampled_from(sorted(LEVELS)),
    non_negative=st.booleans(),
    largest_factor=st.sampled_from([0.0, 0.9, 3.0]),
    rising=st.booleans(),
)
def test_the_graph_says_what_the_rule_says(
    tmp_path_factory: pytest.TempPathFactory,
    seed: int,
    levels: int,
    non_negative: bool,
    largest_factor: float,
    rising: bool,
) -> None:
    quantiles, calibration = draw(seed, levels, non_negative, largest_factor)
    if rising:
        quantiles.sort(axis=2)
    path = write_graph(tmp_path_factory.mktemp("graph") / "model.onnx", levels)
    calibrate_graph(path, calibration)
    said = OnnxModel(path).predict({"raw": quantiles})
    np.testing.assert_allclose(said, calibration.apply(quantiles), rtol=0, atol=1e-6)
    assert (np.diff(said, axis=2) >= 0).all()
    assert (said >= 0).all() or not non_negative
    assert onnx.load(str(path)).graph.output[0].name == "quantiles_kwh"


def test_offsets_have_no_place_in_a_graph(tmp_path: Path) -> None:
    path = write_graph(tmp_path / "model.onnx", 3)
    before = path.read_bytes()
    ones = np.ones((HORIZON, 3))
    with pytest.raises(ForecastError, match="additive"):
        calibrate_graph(path, IntervalCalibration(LEVELS[3], ones, ones * [-1, 0, 1], False))
    assert path.read_bytes() == before


def test_the_calibration_can_be_taken_out_of_the_graph(tmp_path: Path) -> None:
    quantiles, calibration = draw(1, 5, True, 3.0)
    path = write_graph(tmp_path / "model.onnx", 5)
    assert not write_uncalibrated(path, tmp_path / "before.onnx")
    assert not (tmp_path / "before.onnx").exists()
    calibrate_graph(path, calibration)
    assert write_uncalibrated(path, tmp_path / "before.onnx")
    np.testing.assert_array_equal(OnnxModel(tmp_path / "before.onnx").predict({"raw": quantiles}), quantiles)
