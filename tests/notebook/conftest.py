"""A model that the Python API trained on made-up loads, two bundles of it, and the home that serves one of them."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from metrify import ConsumptionForecastingModel, ConsumptionModelConfig
from metrify.adapters.feature_store import STORE_VARIABLE
from metrify.bundles.signature import load_or_create_signing_key
from metrify.bundles.write import write_bundle
from metrify.config import Home, MetrifyConfig
from metrify.config.schema import DriftConfig
from metrify.drift.detector import calibrate
from metrify.drift.features import drift_features
from metrify.privacy.pseudonyms import PSEUDONYM_KEY_FILE, load_or_create_key
from metrify.steps.install_service import install_service
from metrify.steps.render_inference_service import render_inference_service

from ..bundle_manifests import make_manifest, window_input

DAY = 24
LENGTH = 28 * DAY
CONFIG = ConsumptionModelConfig(model_type="gru", lstm_units=4, epochs=1, batch_size=32, quantiles=(0.1, 0.5, 0.9))


def draw_loads(meters: int, intervals: int, seed: int) -> np.ndarray:
    """`[meters, intervals]` kWh with a daily shape, a level of each meter and noise."""
    generator = np.random.default_rng(seed)
    shape = 1 + 0.5 * np.sin(2 * np.pi * np.arange(intervals) / DAY)
    level = generator.uniform(0.2, 2, (meters, 1))
    return (level * shape * generator.lognormal(0, 0.3, (meters, intervals))).astype(np.float32)


def draw_rows(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Windows and what followed them."""
    loads = draw_loads(count, LENGTH + DAY, seed)
    return loads[:, :LENGTH], loads[:, LENGTH:]


@dataclass(frozen=True)
class Trained:
    """A trained model and its losses."""

    model: ConsumptionForecastingModel
    losses: list[dict[str, float]]


@pytest.fixture(scope="session")
def trained() -> Trained:
    """Trained once on 64 windows."""
    model = ConsumptionForecastingModel(CONFIG)
    return Trained(model, model.train(*draw_rows(64, 1), *draw_rows(16, 2)))


def _write_bundle(home: Home, version: str, model: Path) -> Path:
    reference = drift_features(draw_loads(200, LENGTH, 3), DAY)
    drift = DriftConfig(calibration_replays=19)
    null = calibrate(
        reference, lambda g: drift_features(draw_loads(40, LENGTH, int(g.integers(1 << 30))), DAY), drift, 0
    )
    manifest = make_manifest(("load_window@2",), (window_input(LENGTH),), CONFIG.quantiles, LENGTH, version=version)
    folder = home.bundles / "load-forecaster" / version
    limits = {"drift": {"null_distances": null, "p_value": 0.05, "min_rows": 20}}
    write_bundle(folder, manifest, model, reference, limits, "# Card", load_or_create_signing_key(home.keys))
    return folder


@pytest.fixture(scope="session")
def built_home(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Bundles `gru-one` and `gru-two`."""
    folder = tmp_path_factory.mktemp("built")
    home = Home(folder / "home")
    model = trained.model.export_onnx(folder / "model.onnx")
    load_or_create_key(home.keys / PSEUDONYM_KEY_FILE)
    for version in ("gru-one", "gru-two"):
        _write_bundle(home, version, model)
    return home


@pytest.fixture
def home(built_home: Home, metrify_home: Path) -> Home:
    """The test's own home: both bundles, and a service of `gru-one`."""
    shutil.copytree(built_home.root, metrify_home)
    home = Home(metrify_home)
    named = metrify_home / "bundle.txt"
    named.write_text(str(home.bundles / "load-forecaster" / "gru-one"))
    rendered = metrify_home / "rendered.yaml"
    render_inference_service(named, rendered, MetrifyConfig(), home)
    install_service(rendered, home)
    return home


@pytest.fixture
def make_readings() -> Callable[..., pd.DataFrame]:
    """Makes readings of meters `m0`, `m1`, ... from a start on."""

    def make(meters: int, days: int, start: str = "2024-03-01") -> pd.DataFrame:
        kwh = draw_loads(meters, days * DAY, 4)
        stamps = pd.date_range(start, periods=days * DAY, freq="h", tz="UTC", unit="us")
        return pd.DataFrame(
            {
                "meter_id": np.repeat(np.array([f"m{row}" for row in range(meters)], dtype=object), days * DAY),
                "timestamp": list(stamps) * meters,
                "kwh": kwh.ravel(),
            }
        ).astype({"timestamp": "datetime64[us, UTC]"})

    return make


@pytest.fixture(scope="session", autouse=True)
def restored_environment() -> Iterator[None]:
    """The feature store's adapter names its folder in the environment; other tests must not see it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(STORE_VARIABLE, "")
        yield
