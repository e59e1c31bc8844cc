"""A model that reads what is known of meters: evaluated, bundled and described with it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from metrify.bundles.load import load_bundle
from metrify.bundles.manifest import MODEL_CARD_FILE
from metrify.bundles.signature import PUBLIC_KEY_FILE, load_public_key
from metrify.features.text_code import code_texts
from metrify.steps.training_set import read_training_set, write_training_set

from .conftest import World, evaluate_in

FEATURES = ("load_window@2", "meter_code@1", "static_tariff@1")


def write_tariff_model(path: Path, plain: Path) -> Path:
    """The plain model's forecast, and four times as much for the tariff ToU."""
    model = onnx.load(str(plain))
    graph = model.graph
    for node in graph.node:
        node.output[:] = ["plain_kwh" if name == "quantiles_kwh" else name for name in node.output]
    graph.input.append(helper.make_tensor_value_info("static_tariff", TensorProto.FLOAT, ["N"]))
    numbers = {"by_time": code_texts(["ToU"])[0], "one": np.float32(1), "four": np.float32(4), "axes": np.array([1, 2])}
    graph.initializer.extend(numpy_helper.from_array(np.asarray(value), name) for name, value in numbers.items())
    graph.node.extend(
        [
            helper.make_node("Equal", ["static_tariff", "by_time"], ["is_by_time"]),
            helper.make_node("Where", ["is_by_time", "four", "one"], ["times"]),
            helper.make_node("Unsqueeze", ["times", "axes"], ["of_tariff"]),
            helper.make_node("Mul", ["plain_kwh", "of_tariff"], ["quantiles_kwh"]),
        ]
    )
    onnx.checker.check_model(model)
    onnx.save(model, str(path))
    return path


@pytest.fixture
def tariffed(world: World, tmp_path: Path) -> World:
    """The world, but meters with even numbers have the tariff ToU, and four times the load from their origins on."""
    data = read_training_set(world.training_set)
    even = np.array([int(str(meter).rpartition("-")[2]) % 2 == 0 for meter in data.meter_ids])
    tariffs = np.where(even, "ToU", np.where(data.meter_ids == "train-1", "", "Std")).astype(object)
    targets = data.targets * np.where(even, 4, 1).astype(np.float32)[:, None]
    loads = np.array(data.windows), targets
    write_training_set(
        replace(data, windows=loads[0], targets=loads[1], static={"tariff": tariffs}), tmp_path / "tariffed"
    )
    config = world.configured(feature_engineering={"static_columns": ["tariff"]})
    model = write_tariff_model(tmp_path / "tariff.onnx", world.model)
    return replace(world, training_set=tmp_path / "tariffed", model=model, config=config)


def test_a_new_meter_has_its_tariff_and_a_sum_has_none(world: World, tariffed: World, tmp_path: Path) -> None:
    metrics, plain = (
        evaluate_in(tariffed, tmp_path, model, tariffed.config).metrics for model in (tariffed.model, world.model)
    )
    assert metrics["wape"] < 0.7 * plain["wape"]
    assert metrics["wape_cold_start_whole"] == pytest.approx(metrics["wape"])
    assert metrics["wape_cold_start_14d"] < 0.7 * plain["wape_cold_start_14d"]
    assert metrics["wape_meter_base"] < 0.7 * plain["wape_meter_base"]
    assert metrics["wape_total_base"] == plain["wape_total_base"]
    assert metrics["wape_total_bottom_up"] < 0.7 * metrics["wape_total_base"]


def test_its_bundle_and_card_say_what_it_reads(tariffed: World, register_in: Callable[..., Path]) -> None:
    folder = register_in(tariffed)
    manifest = load_bundle(folder, load_public_key(tariffed.home.keys / PUBLIC_KEY_FILE)).manifest
    assert manifest.features == FEATURES
    assert {tensor.name: tensor.shape for tensor in manifest.inputs}["static_tariff"] == (-1,)
    card = (folder / MODEL_CARD_FILE).read_text(encoding="utf-8")
    assert "of the same meter, and tariff of the meter." in card
    assert "| tariff | 2 | 80.0% |" in card
    assert "Of tariff it knows the values of its training meters." in card
    assert "ToU" not in card
