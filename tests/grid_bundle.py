"""A bundle of a controller that was not trained: its policy lets the batteries rest, and plans decide."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from metrify.bundles.manifest import OPTIMIZER_NAME, Tensor
from metrify.bundles.signature import load_or_create_signing_key
from metrify.bundles.write import write_bundle
from metrify.drift.features import drift_features
from metrify.grid.controllers.learnt import ActionLayout
from metrify.grid.controllers.onnx_policy import ACTION, VIEW
from metrify.grid.controllers.view import ControlView
from metrify.grid.feeder import Feeder
from metrify.grid.feeder_json import feeder_to_json
from metrify.grid.tariff import Tariff
from metrify.steps.describe_controller import action_labels

from .bundle_manifests import make_manifest


def write_grid_bundle(
    folder: Path,
    version: str,
    feeder: Feeder,
    zone: str,
    keys: Path,
    controller: str = "model_predictive",
    kvar_per_kw: float = 0.0,
    **prices: float,
) -> Path:
    """Writes `folder/version`; other prices than the standard ones can be given."""
    tariff = Tariff(**prices)
    view = ControlView(feeder, tariff, zone)
    layout = ActionLayout(feeder, view.scale_kw)
    model = folder / f"{version}.onnx"
    _write_policy(model, view.size, int(layout.size))
    manifest = make_manifest(
        (),
        (Tensor(name=VIEW, shape=(-1, view.size), unit="1"),),
        (),
        7 * 96,
        name=OPTIMIZER_NAME,
        task="grid-optimization",
        model_type="multi_output",
        outputs=(Tensor(name=ACTION, shape=(-1, layout.size), unit="1", labels=action_labels(layout)),),
        version=version,
        timezone=zone,
        resolution_minutes=15,
        forecast_horizon=96,
        dataset_name=feeder.network.name,
    )
    limits = {
        "drift": {"null_distances": {}, "p_value": 0.05, "min_rows": 1_000},
        "grid": {
            "controller": controller,
            "tariff": tariff.__dict__,
            "kvar_per_kw": [kvar_per_kw] * len(feeder.load_names),
        },
    }
    reference = drift_features(np.random.default_rng(0).gamma(2, 1, (20, 672)).astype(np.float32), 24)
    key = load_or_create_signing_key(keys)
    text = feeder_to_json(feeder, zone)
    write_bundle(folder / version, manifest, model, reference, limits, "# Card", key, feeder=text)
    return folder / version


def _write_policy(path: Path, view: int, action: int) -> None:
    nodes = [helper.make_node("MatMul", [VIEW, "weights"], [ACTION])]
    weights = numpy_helper.from_array(np.zeros((view, action), np.float32), "weights")
    inputs = [helper.make_tensor_value_info(VIEW, TensorProto.FLOAT, ["N", view])]
    outputs = [helper.make_tensor_value_info(ACTION, TensorProto.FLOAT, ["N", action])]
    graph = helper.make_graph(nodes, "resting", inputs, outputs, [weights])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path)
