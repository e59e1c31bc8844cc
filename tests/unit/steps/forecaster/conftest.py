"""A training set of made-up meters, and models that forecast the mean day of the window, without any training."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import pandas as pd
import pytest
from onnx import TensorProto, helper, numpy_helper

from metrify.config import Home, MetrifyConfig, default_config
from metrify.features.batch import FeatureContext
from metrify.forecasting.expected_load import ExpectedLoad, write_expected_load
from metrify.readings.dataset import METERS_FILE, DatasetInfo, write_info
from metrify.steps.fit_cold_start import fit_cold_start
from metrify.steps.training_set import TrainingSet, write_training_set

COLD_START = "cold_start.json"
DAY, LENGTH, LEVELS = 24, 672, (0.1, 0.5, 0.9)
WIDTHS = np.array([0.6, 1.0, 1.6])
MEANS = ExpectedLoad((0.25, 0.5, 0.25))
ORIGINS = {"train": 4, "validation": 6, "test": 14}
METERS = {"train": 5, "validation": 4, "test": 8}


def write_model(path: Path, bias: float = 1.0, noise: float = 1e-6) -> Path:
    """The mean day of the window times a bias, with quantiles around it, and means; each weight has a little noise."""
    hours = np.arange(LENGTH)[:, None] % DAY == np.arange(DAY)[None, :]
    weights = (hours * bias * DAY / LENGTH)[..., None] * WIDTHS
    weights = weights + noise * np.random.default_rng(0).random(weights.shape)
    graph = helper.make_graph(
        [
            helper.make_node("MatMul", ["load_window", "days"], ["flat"]),
            helper.make_node("Reshape", ["flat", "shape"], ["quantiles_kwh"]),
        ],
        "mean_day",
        [helper.make_tensor_value_info("load_window", TensorProto.FLOAT, ["N", LENGTH])],
        [helper.make_tensor_value_info("quantiles_kwh", TensorProto.FLOAT, ["N", DAY, 3])],
        [
            numpy_helper.from_array(weights.reshape(LENGTH, -1).astype(np.float32), "days"),
            numpy_helper.from_array(np.array([-1, DAY, 3]), "shape"),
        ],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=9), str(path))
    write_expected_load(path, MEANS)
    return path


@dataclass(frozen=True)
class World:
    """Where everything lies.

    Attributes:
        dataset: Dataset folder, in which five of the test meters live in one district and three in none.
        training_set: Training set folder.
        model: A model that is better than both baselines.
        cold_start: The profile of its training rows.
        config: Three quantiles and no calendar.
        home: The test's own.
    """

    dataset: Path
    training_set: Path
    model: Path
    cold_start: Path
    config: MetrifyConfig
    home: Home

    def configured(self, **sections: dict[str, object]) -> MetrifyConfig:
        """The configuration with other values in some sections."""
        values = self.config.model_dump()
        for name, changes in sections.items():
            values[name].update(changes)
        return MetrifyConfig.model_validate(values)


def _config() -> MetrifyConfig:
    values = default_config().model_dump()
    values["feature_engineering"]["include_time_features"] = False
    values["training"]["consumption_forecasting"].update(quantiles=LEVELS, model_type="gru")
    return MetrifyConfig.model_validate(values)


def _draw_training_set() -> TrainingSet:
    generator = np.random.default_rng(7)
    shape = 1 + 0.5 * np.sin(2 * np.pi * np.arange(LENGTH + DAY) / DAY)
    ids, origins, sides, start = [], [], [], np.datetime64("2024-01-01", "s")
    for side, days in ORIGINS.items():
        for meter in range(METERS[side]):
            ids += [f"{side}-{meter}"] * days
            origins += list(start + np.arange(days) * np.timedelta64(1, "D"))
            sides += [side] * days
        start = start + np.timedelta64(days + 1, "D")
    level = 1 + np.array([int(name.rpartition("-")[2]) for name in ids])[:, None]
    loads = (level * shape * generator.lognormal(0, 0.4, (len(ids), LENGTH + DAY))).astype(np.float32)
    return TrainingSet(
        np.array(ids, object),
        np.array(origins, "datetime64[s]"),
        np.array(sides, object),
        loads[:, :LENGTH],
        loads[:, LENGTH:],
        np.zeros(len(ids), np.float32),
        FeatureContext(LENGTH, DAY, 60, "Europe/Berlin", "DE"),
        "made-up",
        "ab" * 32,
        True,
    )


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Dataset, training set and model, made once."""
    folder = tmp_path_factory.mktemp("forecaster")
    training_set = _draw_training_set()
    write_training_set(training_set, folder / "training_set")
    (folder / "dataset").mkdir()
    ids = np.unique(training_set.meter_ids.astype(str))
    districts = ["" if name in ("test-5", "test-6", "test-7") else "north | east" for name in ids]
    pd.DataFrame({"meter_id": ids, "group": ids, "district": districts}).to_parquet(folder / "dataset" / METERS_FILE)
    info = DatasetInfo("made-up", 60, "Europe/Berlin", "DE", "CC0", "nobody")
    write_info(folder / "dataset", info)
    write_model(folder / "model.onnx")
    fit_cold_start(folder / "training_set", folder / COLD_START, _config())
    return folder


@pytest.fixture
def world(made: Path, metrify_home: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """The world of a test, with a home and an empty registry of its own."""
    for name in ("MLFLOW_TRACKING_URI", "MLFLOW_EXPERIMENT_NAME", "MLFLOW_EXPERIMENT_ID", "MLFLOW_RUN_ID"):
        monkeypatch.delenv(name, raising=False)
    paths = (made / name for name in ("dataset", "training_set", "model.onnx", COLD_START))
    return World(*paths, _config(), Home(metrify_home))


@dataclass(frozen=True)
class Evaluated:
    """What an evaluation wrote."""

    metrics: dict[str, float]
    evaluation: Path
    tables: Path


def evaluate_in(world: World, folder: Path, model: Path, config: MetrifyConfig) -> Evaluated:
    """Evaluates a model; writes into a folder."""
    from metrify.steps.evaluate_forecaster import evaluate_forecaster

    evaluation, tables = folder / "evaluation.json", folder / "tables.parquet"
    inputs = (world.dataset, world.training_set, model, world.cold_start)
    return Evaluated(evaluate_forecaster(*inputs, evaluation, tables, config, world.home), evaluation, tables)


@pytest.fixture
def evaluate(world: World, tmp_path: Path) -> Callable[..., Evaluated]:
    """Evaluates a model, the world's without another one."""

    def run(model: Path | None = None, config: MetrifyConfig | None = None) -> Evaluated:
        return evaluate_in(world, tmp_path, model or world.model, config or world.config)

    return run


@pytest.fixture
def register_in(tmp_path: Path) -> Callable[..., Path]:
    """Evaluates, bundles and registers a model of some world; returns the bundle's folder."""
    from metrify.steps.bundle_description import write_description
    from metrify.steps.compress_forecaster import compress_forecaster
    from metrify.steps.describe_forecaster import describe_forecaster
    from metrify.steps.register_model import register_model
    from metrify.steps.training_set import read_training_set
    from metrify.steps.write_bundle import write_bundle
    from metrify.steps.write_model_card import write_model_card

    def run(world: World, model: Path | None = None) -> Path:
        model = model or world.model
        done = evaluate_in(world, tmp_path, model, world.config)
        reference, thresholds = tmp_path / "reference.parquet", tmp_path / "thresholds.json"
        pd.DataFrame({"change_log_mean": [0.1, -0.2]}).to_parquet(reference)
        thresholds.write_text("{}")
        curve, named, card, report = (
            tmp_path / name for name in ("curve.json", "bundle.txt", "card.md", "report.json")
        )
        curve.write_text('[{"loss": 3.0, "val_loss": 4.0}, {"loss": 2.0, "val_loss": 3.5}]')
        compress_forecaster(
            world.training_set, model, tmp_path / "on.onnx", report, tmp_path / "table.md", world.config
        )
        inputs = (world.dataset, world.training_set, done.evaluation, done.tables, report)
        write_model_card(*inputs, card, world.config, "test")
        description = tmp_path / "description.json"
        write_description(description, describe_forecaster(read_training_set(world.training_set), world.config), {})
        made_of = (description, model, done.evaluation, reference, thresholds, card, world.cold_start)
        write_bundle(*made_of, named, "test", world.home)
        register_model(named, curve, done.tables, world.config, world.home)
        return Path(named.read_text())

    return run


@pytest.fixture
def register(world: World, register_in: Callable[..., Path]) -> Callable[..., Path]:
    """The same in the test's world."""
    return lambda model=None: register_in(world, model)
