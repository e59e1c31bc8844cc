from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from metrify.forecasting.onnx_model import OnnxModel
from metrify.steps.compress_forecaster import compress_forecaster
from metrify.steps.compression_report import CompressionReport, read_compression, render_compression

from .conftest import World, write_model


def compress(
    world: World, folder: Path, model: Path | None = None, **settings: object
) -> tuple[Path, CompressionReport]:
    output, report = folder / "compressed.onnx", folder / "report.json"
    config = world.configured(compression=settings)
    compress_forecaster(world.training_set, model or world.model, output, report, folder / "table.md", config)
    read = read_compression(report)
    assert (folder / "table.md").read_text() == render_compression(read)
    return output, read


def used(report: CompressionReport) -> list[str]:
    return [one.name for one in report.tried if one.is_used]


def test_without_a_method_the_model_goes_on_as_it_is(world: World, tmp_path: Path) -> None:
    output, report = compress(world, tmp_path)
    assert output.read_bytes() == world.model.read_bytes()
    assert report.tried == ()
    assert "as trained" in render_compression(report)


def test_8_bit_weights_are_used_where_they_cost_little(world: World, tmp_path: Path) -> None:
    output, report = compress(world, tmp_path, method="int8")
    before, after = (one.measured for one in report.tried)
    assert used(report) == ["as trained", "int8"]
    assert output.stat().st_size == after.bytes < before.bytes / 3
    assert abs(after.wape / before.wape - 1) < 0.01
    assert "| int8 |" in render_compression(report)


def test_what_costs_more_than_the_budget_is_not_used_and_the_table_says_so(world: World, tmp_path: Path) -> None:
    output, report = compress(world, tmp_path, method="prune", prune_share=0.99)
    assert used(report) == ["as trained"]
    assert output.read_bytes() == world.model.read_bytes()
    assert report.tried[1].measured.wape > 1.01 * report.tried[0].measured.wape
    assert "raises the WAPE by" in report.tried[1].reason
    assert "| no | raises the WAPE" in render_compression(report)
    output, report = compress(world, tmp_path, method="prune", prune_share=0.99, wape_budget_relative=50)
    assert used(report) == ["as trained", "prune"]
    assert np.mean(_weights(output) == 0) == pytest.approx(0.99, abs=1e-3)


def test_8_bit_weights_follow_what_pruning_left(world: World, tmp_path: Path) -> None:
    _, report = compress(world, tmp_path, method="prune_int8", prune_share=0.5)
    assert used(report) == ["as trained", "prune", "int8"]
    sizes = [one.measured.bytes_deflated for one in report.tried]
    assert sizes == sorted(sizes, reverse=True)
    _, report = compress(world, tmp_path, method="prune_int8", prune_share=0.99, wape_budget_relative=50)
    original, pruned, quantised = (one.measured.wape for one in report.tried)
    assert quantised == pytest.approx(pruned, rel=0.05)
    assert pruned > 1.5 * original
    output, report = compress(world, tmp_path, method="prune_int8", prune_share=0.99)
    assert used(report) == ["as trained", "int8"]  # of the model before the pruning that was refused
    _, alone = compress(world, tmp_path, method="int8")
    assert report.tried[2].measured.wape == alone.tried[1].measured.wape
    OnnxModel(output).predict({"load_window": np.ones((2, 672), np.float32)})


def test_what_is_no_smaller_is_not_used(world: World, tmp_path: Path) -> None:
    # Without noise half of the weights are zero already, so pruning them changes nothing.
    _, report = compress(world, tmp_path, write_model(tmp_path / "exact.onnx", noise=0), method="prune")
    assert used(report) == ["as trained"]
    assert report.tried[1].reason == "no smaller, even when compressed"


def test_trees_pass_and_the_report_says_why(world: World, tmp_path: Path) -> None:
    trees = helper.make_node("TreeEnsembleRegressor", ["load_window"], ["quantiles_kwh"], domain="ai.onnx.ml")
    inputs = [helper.make_tensor_value_info("load_window", TensorProto.FLOAT, ["N", 672])]
    outputs = [helper.make_tensor_value_info("quantiles_kwh", TensorProto.FLOAT, ["N", 24, 3])]
    onnx.save(helper.make_model(helper.make_graph([trees], "trees", inputs, outputs)), str(tmp_path / "trees.onnx"))
    output, report = compress(world, tmp_path, tmp_path / "trees.onnx", method="int8")
    assert output.read_bytes() == (tmp_path / "trees.onnx").read_bytes()
    assert "trees" in render_compression(report)


def _weights(path: Path) -> np.ndarray:
    constants = onnx.load(str(path)).graph.initializer
    return next(numpy_helper.to_array(item) for item in constants if item.name == "days")
