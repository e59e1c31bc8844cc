"""A model that reads the weather goes through evaluation, compression, card and bundle like any other."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from metrify.adapters.tracking import CHAMPION, point_alias_at
from metrify.bundles.load import load_bundle
from metrify.bundles.manifest import FORECASTER_NAME, MODEL_CARD_FILE
from metrify.bundles.signature import PUBLIC_KEY_FILE, load_public_key
from metrify.readings.known import KnownWeather
from metrify.steps.compress_forecaster import compress_forecaster
from metrify.steps.training_set import read_training_set, write_training_set

from .conftest import DAY, LENGTH, World, evaluate_in

FEATURES = ("load_window@2", "observed_temperature@1", "forecast_temperature@1", "meter_code@1")


def write_weather_model(path: Path, plain: Path) -> Path:
    """The plain model's forecast, a tenth more for each degree that is forecast."""
    model = onnx.load(str(plain))
    graph = model.graph
    for node in graph.node:
        node.output[:] = ["plain_kwh" if name == "quantiles_kwh" else name for name in node.output]
    graph.input.append(helper.make_tensor_value_info("forecast_temperature", TensorProto.FLOAT, ["N", DAY]))
    graph.initializer.append(numpy_helper.from_array(np.float32(0.1), "tenth"))
    graph.initializer.append(numpy_helper.from_array(np.float32(1), "one"))
    graph.initializer.append(numpy_helper.from_array(np.array([2], np.int64), "levels"))
    graph.node.extend(
        [
            helper.make_node("Mul", ["forecast_temperature", "tenth"], ["more"]),
            helper.make_node("Add", ["more", "one"], ["factor"]),
            helper.make_node("Unsqueeze", ["factor", "levels"], ["of_levels"]),
            helper.make_node("Mul", ["plain_kwh", "of_levels"], ["quantiles_kwh"]),
        ]
    )
    onnx.checker.check_model(model)
    onnx.save(model, str(path))
    return path


@pytest.fixture
def weathered(world: World, tmp_path: Path) -> World:
    """The world, but each day's load follows a temperature that was forecast for the one station of all meters."""
    data = read_training_set(world.training_set)
    days, day_of = np.unique(data.origins, return_inverse=True)
    degrees = np.random.default_rng(3).uniform(0, 9, (len(days), 1)).astype(np.float32)[day_of]
    forecast = np.repeat(degrees, DAY, axis=1)
    observed = np.zeros((len(degrees), LENGTH, 1), np.float32)
    issued = np.broadcast_to(data.origins.astype("datetime64[us]")[:, None], forecast.shape)
    weather = KnownWeather(("temperature_c",), observed, forecast[..., None], issued)
    loads = np.array(data.windows), data.targets * (1 + forecast / 10)
    write_training_set(replace(data, windows=loads[0], targets=loads[1], weather=weather), tmp_path / "weathered")
    config = world.configured(feature_engineering={"include_weather": True})
    model = write_weather_model(tmp_path / "weather.onnx", world.model)
    return replace(world, training_set=tmp_path / "weathered", model=model, config=config)


def test_it_is_judged_beside_a_champion_that_reads_none(
    world: World, weathered: World, register: Callable[..., Path], tmp_path: Path
) -> None:
    champion = register()
    point_alias_at(world.home, world.config, FORECASTER_NAME, CHAMPION, champion.name)
    metrics, plain = (
        evaluate_in(weathered, tmp_path, model, weathered.config).metrics for model in (weathered.model, world.model)
    )
    assert metrics["wape_champion"] == pytest.approx(plain["wape"])
    assert metrics["wape"] < 0.9 * metrics["wape_champion"]


def test_short_histories_and_sums_are_judged_with_the_weather(world: World, weathered: World, tmp_path: Path) -> None:
    metrics, plain = (
        evaluate_in(weathered, tmp_path, model, weathered.config).metrics for model in (weathered.model, world.model)
    )
    assert metrics["wape_cold_start_whole"] == pytest.approx(metrics["wape"])
    for name in ("cold_start_14d", "meter_base", "district_base", "total_base"):
        assert metrics[f"wape_{name}"] < 0.9 * plain[f"wape_{name}"]
    # The model is linear in loads that share their weather, so a sum's own forecast is the sum of forecasts.
    assert metrics["wape_total_base"] == pytest.approx(metrics["wape_total_bottom_up"], rel=1e-4)


def test_compression_measures_it_with_the_weather(weathered: World, tmp_path: Path) -> None:
    world = replace(weathered, config=weathered.configured(compression={"method": "int8"}))
    files = (tmp_path / name for name in ("small.onnx", "report.json", "table.md"))
    figures = compress_forecaster(world.training_set, world.model, *files, world.config)
    assert figures["bytes"] < figures["bytes_before"] / 3
    assert figures["wape"] == pytest.approx(figures["wape_before"], rel=0.01)


def test_its_bundle_and_card_say_what_it_reads(weathered: World, register_in: Callable[..., Path]) -> None:
    folder = register_in(weathered)
    manifest = load_bundle(folder, load_public_key(weathered.home.keys / PUBLIC_KEY_FILE)).manifest
    assert manifest.features == FEATURES
    shapes = {tensor.name: (tensor.shape, tensor.unit) for tensor in manifest.inputs}
    assert shapes["observed_temperature"] == ((-1, LENGTH), "degC")
    assert shapes["forecast_temperature"] == ((-1, DAY), "degC")
    card = (folder / MODEL_CARD_FILE).read_text(encoding="utf-8")
    assert "and temperature_c of the meter's weather station" in card
    assert "0.0% of its training rows lack some" in card
    assert "It reads no weather" not in card
