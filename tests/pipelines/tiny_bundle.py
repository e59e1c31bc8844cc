"""A bundle whose forecast is the window's last day times a constant for each level, and half as much on a rest day.

With the weather it is a tenth more for each degree that is forecast; with tariffs twice as much for ToU.
"""

from pathlib import Path

import numpy as np
import onnx
import pandas as pd
from onnx import TensorProto, helper, numpy_helper

from metrify.bundles.manifest import Tensor
from metrify.bundles.signature import load_or_create_signing_key
from metrify.bundles.write import write_bundle
from metrify.config import Home
from metrify.features.cold_start import ColdStartProfile
from metrify.features.text_code import code_texts

from ..bundle_manifests import make_manifest, window_input

DAY, LENGTH = 24, 7 * 24
LEVELS = (0.05, 0.5, 0.95)
FACTORS = np.array([0.5, 1.0, 1.5], np.float32)
FEATURES = ("load_window@2", "horizon_calendar@1")
WEATHER_FEATURES = ("observed_temperature@1", "forecast_temperature@1")
INPUTS = (
    window_input(LENGTH),
    Tensor(name="horizon_calendar", shape=(-1, DAY, 5), unit="1"),
)
WEATHER_INPUTS = (
    Tensor(name="observed_temperature", shape=(-1, LENGTH), unit="degC"),
    Tensor(name="forecast_temperature", shape=(-1, DAY), unit="degC"),
)
TARIFF_INPUT = Tensor(name="static_tariff", shape=(-1,), unit="1")


def write_tiny_bundle(
    home: Home,
    cold_start: ColdStartProfile | None = None,
    with_weather: bool = False,
    with_tariff: bool = False,
    **changes: object,
) -> Path:
    """Writes it, signed with the home's key; fields of its manifest can be changed."""
    if with_weather:
        changes = {"features": (*FEATURES, *WEATHER_FEATURES), "inputs": (*INPUTS, *WEATHER_INPUTS), **changes}
    if with_tariff:
        changes = {"features": (*FEATURES, "static_tariff@1"), "inputs": (*INPUTS, TARIFF_INPUT), **changes}
    manifest = make_manifest(
        changes.get("features", FEATURES),
        INPUTS,
        LEVELS,
        LENGTH,
        version="tiny-1",
        model_type="context",
        dataset_name="ours",
    ).model_copy(update=changes)
    home.bundles.mkdir(parents=True, exist_ok=True)
    model, folder = home.bundles / "tiny.onnx", home.bundles / manifest.version
    _write_graph(model, with_weather, with_tariff)
    reference = pd.DataFrame({"change_log_mean": [0.1]})
    write_bundle(folder, manifest, model, reference, {}, "# Card", load_or_create_signing_key(home.keys), cold_start)
    return folder


def expected_quantiles(window: np.ndarray, is_rest_day: bool) -> np.ndarray:
    """What it forecasts, `[H, Q]`."""
    return window[-DAY:, None] * FACTORS * np.float32(0.5 if is_rest_day else 1)


def _write_graph(path: Path, with_weather: bool, with_tariff: bool) -> None:
    def constant(name: str, values: list[int]) -> TensorProto:
        return numpy_helper.from_array(np.array(values, np.int64), name)

    nodes = [
        helper.make_node("Slice", ["load_window", "last_day", "all", "times"], ["day"]),
        helper.make_node("Unsqueeze", ["day", "levels"], ["column"]),
        helper.make_node("Slice", ["horizon_calendar", "rest", "all", "levels"], ["is_rest"]),
        helper.make_node("Mul", ["is_rest", "half"], ["less"]),
        helper.make_node("Sub", ["one", "less"], ["share"]),
        helper.make_node("Mul", ["column", "share"], ["point"]),
        helper.make_node("Mul", ["point", "factors"], ["plain" if with_weather or with_tariff else "quantiles_kwh"]),
    ]
    inputs = [
        helper.make_tensor_value_info("load_window", TensorProto.FLOAT, ["N", LENGTH]),
        helper.make_tensor_value_info("horizon_calendar", TensorProto.FLOAT, ["N", DAY, 5]),
    ]
    if with_weather:
        inputs.append(helper.make_tensor_value_info("forecast_temperature", TensorProto.FLOAT, ["N", DAY]))
        nodes += [
            helper.make_node("IsNaN", ["forecast_temperature"], ["is_unknown"]),
            helper.make_node("Mul", ["forecast_temperature", "tenth"], ["more"]),
            helper.make_node("Add", ["more", "one"], ["warmer"]),
            helper.make_node("Where", ["is_unknown", "one", "warmer"], ["factor"]),
            helper.make_node("Unsqueeze", ["factor", "levels"], ["factors_of_weather"]),
            helper.make_node("Mul", ["plain", "factors_of_weather"], ["quantiles_kwh"]),
        ]
    if with_tariff:
        inputs.append(helper.make_tensor_value_info("static_tariff", TensorProto.FLOAT, ["N"]))
        nodes += [
            helper.make_node("Equal", ["static_tariff", "by_time"], ["is_by_time"]),
            helper.make_node("Where", ["is_by_time", "two", "one"], ["times_of_tariff"]),
            helper.make_node("Unsqueeze", ["times_of_tariff", "times_and_levels"], ["factors_of_tariff"]),
            helper.make_node("Mul", ["plain", "factors_of_tariff"], ["quantiles_kwh"]),
        ]
    numbers = {
        "by_time": code_texts(["ToU"])[0],
        "two": np.float32(2),
        "factors": FACTORS.reshape(1, 1, -1),
        "half": np.float32(0.5),
        "one": np.float32(1),
        "tenth": np.float32(0.1),
    }
    graph = helper.make_graph(
        nodes,
        "tiny",
        inputs,
        [helper.make_tensor_value_info("quantiles_kwh", TensorProto.FLOAT, ["N", DAY, len(LEVELS)])],
        [
            constant("last_day", [-DAY]),
            constant("all", [1_000]),
            constant("times", [1]),
            constant("rest", [4]),
            constant("levels", [2]),
            constant("times_and_levels", [1, 2]),
            *(numpy_helper.from_array(np.asarray(value), name) for name, value in numbers.items()),
        ],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path)
