"""A tiny real service: signed ONNX bundles whose forecast is the window's last day times a constant."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import grpc
import httpx
import numpy as np
import onnx
import pandas as pd
import pytest
import yaml
from kserve.protocol.grpc.grpc_predict_v2_pb2_grpc import GRPCInferenceServiceStub
from kserve.protocol.infer_type import InferInput, InferRequest, InferResponse, to_http_parameters
from onnx import TensorProto, helper, numpy_helper

from inference_services.local.run_manifest import LocalService
from metrify.bundles.signature import PUBLIC_KEY_FILE, load_or_create_signing_key
from metrify.bundles.write import write_bundle
from metrify.config.schema import DriftConfig
from metrify.drift.detector import calibrate
from metrify.drift.features import drift_features
from metrify.features.cold_start import ColdStartProfile

from ..bundle_manifests import make_manifest, window_input

NAME = "load-forecaster"
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
FACTORS = np.array([0.5, 0.75, 1.0, 1.25, 1.5], np.float32)
METERS = 60
END = "2024-03-01T00:00:00"


@dataclass
class World:
    """What the tests know of the service."""

    folder: Path
    key: Path
    windows: np.ndarray
    write_manifest: Callable[..., Path]

    @property
    def reader(self) -> str:
        return f"parquet:{self.folder / 'windows.parquet'}"


def draw_windows(count: int, seed: int) -> np.ndarray:
    """Loads with a daily shape and independent noise."""
    generator = np.random.default_rng(seed)
    shape = 1 + 0.5 * np.sin(2 * np.pi * np.arange(672) / 24)
    level = generator.uniform(0.2, 2, (count, 1))
    return (level * shape * generator.lognormal(0, 0.3, (count, 672))).astype(np.float32)


def _model(path: Path, scale: float) -> None:
    def constant(name: str, values: list[int]) -> TensorProto:
        return numpy_helper.from_array(np.array(values, np.int64), name)

    nodes = [
        helper.make_node("Slice", ["load_window", "start", "end", "axis"], ["day"]),
        helper.make_node("Unsqueeze", ["day", "last"], ["column"]),
        helper.make_node("Mul", ["column", "factors"], ["quantiles_kwh"]),
    ]
    weights = numpy_helper.from_array((scale * FACTORS).reshape(1, 1, 5), "factors")
    constants = [constant("start", [-24]), constant("end", [672]), constant("axis", [1]), constant("last", [2])]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("load_window", TensorProto.FLOAT, ["N", 672])],
        [helper.make_tensor_value_info("quantiles_kwh", TensorProto.FLOAT, ["N", 24, 5])],
        [*constants, weights],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, path)


def _write_bundle(folder: Path, version: str, scale: float, keys: Path) -> None:
    model = folder / f"{version}.onnx"
    _model(model, scale)
    reference = drift_features(draw_windows(400, 1), 24)
    config = DriftConfig(calibration_replays=19)
    null = calibrate(reference, lambda g: drift_features(draw_windows(METERS, int(g.integers(1 << 30))), 24), config, 0)
    manifest = make_manifest(("load_window@2",), (window_input(672),), QUANTILES, 672, name=NAME, version=version)
    flat = ((1.0,) * 24,) * 2
    cold_start = ColdStartProfile(resolution_minutes=60, min_days=1, relative_load=flat)
    limits = {"drift": {"null_distances": null, "p_value": 0.3, "min_rows": 20}}
    write_bundle(
        folder / version, manifest, model, reference, limits, "# Card", load_or_create_signing_key(keys), cold_start
    )


def _write_windows(path: Path, windows: np.ndarray) -> None:
    rows = [(f"meter-{row:03d}", END, window) for row, window in enumerate(windows)]
    gaps = {"gappy": [-5], "torn": range(-200, -100), "empty": range(-600, -263), "away": range(-14, -1)}
    gappy = {name: np.where(np.isin(np.arange(-672, 0), places), np.nan, windows[0]) for name, places in gaps.items()}
    shifted = windows.copy()
    shifted[:, -168:] *= 3
    rows += [(name, END, window) for name, window in gappy.items()]
    rows += [("short", END, windows[0][-2:]), ("silent", END, np.full(672, np.nan, np.float32))]
    rows += [("new", END, windows[1][-72:]), ("idle", END, np.zeros(48, np.float32))]
    rows += [(f"shifted-{row:03d}", "2024-03-02T00:00:00", window) for row, window in enumerate(shifted)]
    pd.DataFrame(rows, columns=["meter_id", "window_end", "load_window"]).to_parquet(path)


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Bundles `one` and `two` (ten times as much), windows and a writer of manifests."""
    folder = tmp_path_factory.mktemp("serving")
    keys = folder / "keys"
    _write_bundle(folder, "one", 1.0, keys)
    _write_bundle(folder, "two", 10.0, keys)
    windows = draw_windows(METERS, 7)
    _write_windows(folder / "windows.parquet", windows)

    def write_manifest(path: Path, percent: int | None = None, bundle: str = "one") -> Path:
        spec: dict = {"predictor": {"model": {"storageUri": (folder / bundle).as_uri()}}}
        if percent is not None:
            model = {"name": "onnx", "storageUri": (folder / "two").as_uri()}
            spec["canary"] = [{"trafficPercent": percent, "predictor": {"name": "next", "model": model}}]
        metadata = {"name": NAME, "annotations": {"metrify.io/assignment-salt": "salt"}}
        partial = path.with_suffix(".partial")
        partial.write_text(yaml.safe_dump({"kind": "InferenceService", "metadata": metadata, "spec": spec}))
        return partial.replace(path)

    return World(folder, keys / PUBLIC_KEY_FILE, windows, write_manifest)


@pytest.fixture(scope="module")
def service(world: World) -> Iterator[LocalService]:
    """A running service with a canary at 20 percent."""
    manifest = world.write_manifest(world.folder / "isvc.yaml", 20)
    with LocalService(manifest, world.folder / "logs", world.key, 0, 0, world.reader) as running:
        yield running


@dataclass
class Answer:
    """A v2 answer: outputs by name, parameters, or an error."""

    outputs: dict
    parameters: dict


@pytest.fixture
def rest(service: LocalService) -> Callable[..., httpx.Response]:
    """Posts to the service."""

    def post(meters: list[str], name: str = "meter_id", **parameters: object) -> httpx.Response:
        body = {"inputs": [{"name": name, "shape": [len(meters)], "datatype": "BYTES", "data": meters}]}
        url = f"{service.url}/v2/models/{NAME}/infer"
        return httpx.post(url, json={**body, "parameters": parameters}, timeout=20, trust_env=False)

    return post


@pytest.fixture
def ask_rest(rest: Callable[..., httpx.Response]) -> Callable[..., Answer]:
    """Asks over REST."""

    def ask(meters: list[str], **parameters: object) -> Answer:
        reply = rest(meters, **parameters)
        assert reply.status_code == 200, reply.text
        body = reply.json()
        outputs = {item["name"]: np.reshape(item["data"], item["shape"]) for item in body["outputs"]}
        return Answer(outputs, body["parameters"])

    return ask


@pytest.fixture
def ask_grpc(service: LocalService) -> Callable[..., Answer]:
    """Asks over gRPC."""

    def ask(meters: list[str], **parameters: object) -> Answer:
        data = np.array([meter.encode() for meter in meters], dtype=object)
        request = InferRequest(NAME, [InferInput("meter_id", [len(meters)], "BYTES", data)], parameters=parameters)
        with grpc.insecure_channel(f"127.0.0.1:{service.grpc_port}") as channel:
            response = InferResponse.from_grpc(GRPCInferenceServiceStub(channel).ModelInfer(request.to_grpc()))
        outputs = {output.name: output.as_numpy() for output in response.outputs}
        return Answer(outputs, json.loads(json.dumps(to_http_parameters(response.parameters))))

    return ask
