"""Which numbers of a graph are weights, and what pruning and quantising make of them."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from metrify.forecasting.compression.measure import measure_model
from metrify.forecasting.compression.prune_weights import prune_weights
from metrify.forecasting.compression.quantise_weights import quantise_weights
from metrify.forecasting.compression.weights import find_weights, has_trees
from metrify.forecasting.onnx_model import OnnxModel

ROWS = np.random.default_rng(1).normal(size=(50, 32)).astype(np.float32)


def tensor(name: str, *shape: int) -> onnx.TensorProto:
    seed = sum(name.encode())
    return numpy_helper.from_array(np.random.default_rng(seed).normal(size=shape).astype(np.float32), name)


def write_model(path: Path) -> Path:
    """A layer of 32 by 48, a bias, a scale, and a product with a matrix that is computed, `[N, 8, 6]`."""
    nodes = [
        helper.make_node("MatMul", ["rows", "layer"], ["product"]),
        helper.make_node("Add", ["product", "bias"], ["moved"]),
        helper.make_node("Reshape", ["moved", "shape"], ["table"]),
        helper.make_node("Mul", ["table", "interval_factor"], ["quantiles_kwh"]),
    ]
    graph = helper.make_graph(
        nodes,
        "dense",
        [helper.make_tensor_value_info("rows", TensorProto.FLOAT, ["N", 32])],
        [helper.make_tensor_value_info("quantiles_kwh", TensorProto.FLOAT, ["N", 8, 6])],
        [
            tensor("layer", 32, 48),
            tensor("bias", 48),
            tensor("interval_factor", 8, 6),
            numpy_helper.from_array(np.array([-1, 8, 6]), "shape"),
        ],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=9), str(path))
    return path


def constants(path: Path) -> dict[str, np.ndarray]:
    return {item.name: numpy_helper.to_array(item) for item in onnx.load(str(path)).graph.initializer}


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_the_smallest_weights_of_a_layer_become_zero_and_nothing_else(tmp_path: Path, share: float) -> None:
    model, pruned = write_model(tmp_path / "model.onnx"), tmp_path / "pruned.onnx"
    zeros = int(share * 32 * 48)
    assert prune_weights(model, pruned, share) == zeros / (32 * 48)
    before, after = constants(model), constants(pruned)
    gone = after["layer"] == 0
    assert gone.sum() == zeros
    np.testing.assert_array_equal(after["layer"][~gone], before["layer"][~gone])
    assert np.abs(before["layer"][gone]).max() <= np.abs(before["layer"][~gone]).min()
    for name in set(before) - {"layer"}:
        np.testing.assert_array_equal(after[name], before[name])


def test_weights_of_a_cell_that_is_written_as_a_loop_are_found() -> None:
    # The body takes the state and a matrix as its inputs, and names another matrix that lies outside.
    body = helper.make_graph(
        [
            helper.make_node("MatMul", ["state", "taken"], ["half"]),
            helper.make_node("MatMul", ["half", "outside"], ["next"]),
            helper.make_node("Add", ["next", "position"], ["said"]),
            helper.make_node("Identity", ["again"], ["go"]),
            helper.make_node("Identity", ["taken"], ["kept"]),
        ],
        "body",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in ("i", "again", "state", "taken")],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in ("go", "said", "kept")],
    )
    loop = helper.make_node("Loop", ["count", "yes", "rows", "carried"], ["last", "matrix"], body=body)
    matrices = [tensor(name, 4, 4) for name in ("carried", "outside", "position", "rows")]
    graph = helper.make_graph([loop], "cell", [], [], matrices)
    assert [item.name for item in find_weights(graph)] == ["carried", "outside"]


def test_8_bit_weights_are_a_quarter_in_size_and_say_nearly_the_same(tmp_path: Path) -> None:
    model, quantised = write_model(tmp_path / "model.onnx"), tmp_path / "int8.onnx"
    quantise_weights(model, quantised)
    types = {item.data_type for item in onnx.load(str(quantised)).graph.initializer if len(item.dims) == 2}
    assert TensorProto.INT8 in types
    said, now = (OnnxModel(path).predict({"rows": ROWS}) for path in (model, quantised))
    assert 0 < np.abs(now - said).max() < 0.05 * np.abs(said).max()
    assert "layer" not in constants(quantised)


def test_the_figures_of_a_model_are_its_own(tmp_path: Path) -> None:
    model = write_model(tmp_path / "model.onnx")
    said = OnnxModel(model).predict({"rows": ROWS})[..., 2]
    actual = np.where(np.arange(8) == 3, np.nan, np.abs(said) + 1)
    halves = [({"rows": ROWS[part]}, actual[part]) for part in (slice(0, 30), slice(30, 50))]
    measured = measure_model(model, halves, 2)
    assert measured.bytes == model.stat().st_size > measured.bytes_deflated
    assert measured.wape == pytest.approx(np.nansum(np.abs(actual - said)) / np.nansum(actual), rel=1e-6)
    assert measured.milliseconds_per_row > 0


def test_trees_are_told_from_networks(tmp_path: Path) -> None:
    trees = helper.make_node("TreeEnsembleRegressor", ["rows"], ["said"], domain="ai.onnx.ml")
    assert has_trees(helper.make_graph([trees], "trees", [], []))
    assert not has_trees(onnx.load(str(write_model(tmp_path / "model.onnx"))).graph)
