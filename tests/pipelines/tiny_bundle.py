"""A bundle whose forecast is the window's last day times a constant for each level, and half as much on a rest day."""

from pathlib import Path

import numpy as np
import onnx
import pandas as pd
from onnx import TensorProto, helper, numpy_helper

from metrify.bundles.manifest import BundleManifest, Tensor
from metrify.bundles.signature import load_or_create_signing_key
from metrify.bundles.write import write_bundle
from metrify.config import Home
from metrify.features.cold_start import ColdStartProfile
from metrify.features.specification import features_from_labels, specification_hash

DAY, LENGTH = 24, 7 * 24
LEVELS = (0.05, 0.5, 0.95)
FACTORS = np.array([0.5, 1.0, 1.5], np.float32)
FEATURES = ("load_window@2", "horizon_calendar@1")


def write_tiny_bundle(home: Home, cold_start: ColdStartProfile | None = None, **changes: object) -> Path:
    """Writes it, signed with the home's key; fields of its manifest can be changed."""
    features = features_from_labels(changes.get("features", FEATURES))
    manifest = BundleManifest(
        name="load-forecaster",
        version="tiny-1",
        task="load-forecast",
        model_type="context",
        inputs=(
            Tensor(name="load_window", shape=(-1, LENGTH), unit="kWh"),
            Tensor(name="horizon_calendar", shape=(-1, DAY, 5), unit="1"),
        ),
        outputs=(Tensor(name="quantiles_kwh", shape=(-1, DAY, len(LEVELS)), unit="kWh"),),
        features=FEATURES,
        feature_spec_hash=specification_hash(features),
        resolution_minutes=60,
        sequence_length=LENGTH,
        forecast_horizon=DAY,
        quantiles=LEVELS,
        timezone="Europe/Berlin",
        country="DE",
        training_period=("2023-01-01T00:00:00Z", "2024-01-01T00:00:00Z"),
        dataset_name="ours",
        dataset_fingerprint="0" * 64,
        code_version="test",
        metrics={"pinball": 1.0},
    ).model_copy(update=changes)
    home.bundles.mkdir(parents=True, exist_ok=True)
    model, folder = home.bundles / "tiny.onnx", home.bundles / manifest.version
    _write_graph(model)
    reference = pd.DataFrame({"change_log_mean": [0.1]})
    write_bundle(folder, manifest, model, reference, {}, "# Card", load_or_create_signing_key(home.keys), cold_start)
    return folder


def expected_quantiles(window: np.ndarray, is_rest_day: bool) -> np.ndarray:
    """What it forecasts, `[H, Q]`."""
    return window[-DAY:, None] * FACTORS * np.float32(0.5 if is_rest_day else 1)


def _write_graph(path: Path) -> None:
    def constant(name: str, values: list[int]) -> TensorProto:
        return numpy_helper.from_array(np.array(values, np.int64), name)

    nodes = [
        helper.make_node("Slice", ["load_window", "last_day", "all", "times"], ["day"]),
        helper.make_node("Unsqueeze", ["day", "levels"], ["column"]),
        helper.make_node("Slice", ["horizon_calendar", "rest", "all", "levels"], ["is_rest"]),
        helper.make_node("Mul", ["is_rest", "half"], ["less"]),
        helper.make_node("Sub", ["one", "less"], ["share"]),
        helper.make_node("Mul", ["column", "share"], ["point"]),
        helper.make_node("Mul", ["point", "factors"], ["quantiles_kwh"]),
    ]
    numbers = {"factors": FACTORS.reshape(1, 1, -1), "half": np.float32(0.5), "one": np.float32(1)}
    graph = helper.make_graph(
        nodes,
        "tiny",
        [
            helper.make_tensor_value_info("load_window", TensorProto.FLOAT, ["N", LENGTH]),
            helper.make_tensor_value_info("horizon_calendar", TensorProto.FLOAT, ["N", DAY, 5]),
        ],
        [helper.make_tensor_value_info("quantiles_kwh", TensorProto.FLOAT, ["N", DAY, len(LEVELS)])],
        [
            constant("last_day", [-DAY]),
            constant("all", [1_000]),
            constant("times", [1]),
            constant("rest", [4]),
            constant("levels", [2]),
            *(numpy_helper.from_array(np.asarray(value), name) for name, value in numbers.items()),
        ],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path)
