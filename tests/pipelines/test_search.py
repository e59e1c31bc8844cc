"""A search on made-up households, and single fits as a cluster runs them."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from mlflow import MlflowClient
from typer.testing import CliRunner

from metrify.cli.main import app as metrify
from metrify.config import Home, MetrifyConfig, default_config, load_config
from metrify.config.home import DATA_VARIABLE, HOME_VARIABLE
from metrify.config.loader import parse_config
from metrify.errors import ConfigError, UsageError
from metrify.forecasting.onnx_model import OnnxModel
from metrify.steps.prepare_training_set import prepare_training_set
from metrify.steps.search_parameters import FoundParameters, search_parameters

from .conftest import SOURCE, config_text, write_households

SPACE = {"learning_rate": {"low": 0.001, "high": 0.02, "log": True}, "lstm_units": [4, 8]}
# How Katib reads metrics from what a trial prints.
KATIB_LINE = re.compile(r"([\w|-]+)\s*=\s*([+-]?\d*(?:\.\d+)?(?:[Ee][+-]?\d+)?)")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, with_known_pseudonyms: Callable[[Home], Home]) -> Home:
    root = tmp_path_factory.mktemp("search")
    write_households(root / "data", noise=0.5)
    with pytest.MonkeyPatch.context() as patch:
        for name in ("MLFLOW_TRACKING_URI", "MLFLOW_EXPERIMENT_NAME", "MLFLOW_EXPERIMENT_ID", "MLFLOW_RUN_ID"):
            patch.delenv(name, raising=False)
        home = with_known_pseudonyms(Home(root / "home"))
        patch.setenv(HOME_VARIABLE, str(home.root))
        patch.setenv(DATA_VARIABLE, str(root / "data"))
        yield home


@pytest.fixture(scope="module")
def config() -> MetrifyConfig:
    values = yaml.safe_load(config_text(epochs=2, max_training_windows=400))
    return MetrifyConfig.model_validate(values | {"search": SPACE})


@pytest.fixture(scope="module")
def training_set(home: Home, config: MetrifyConfig) -> Path:
    return prepare_training_set(SOURCE, home.root / "prepared", config, home)


@pytest.fixture(scope="module")
def found(home: Home, config: MetrifyConfig, training_set: Path) -> FoundParameters:
    return search_parameters(training_set, config, 3, home, lambda line, done: None)


def run(home: Home, *arguments: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "metrify", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=280, check=False, env=os.environ.copy())


def test_what_is_found_is_a_configuration(found: FoundParameters, config: MetrifyConfig) -> None:
    best = load_config(found.config)
    assert found.trials == 3
    assert best == config.with_parameters(found.parameters)
    assert set(found.parameters) == set(SPACE)


def test_each_trial_is_a_run_nested_in_that_of_the_search(home: Home, found: FoundParameters) -> None:
    client = MlflowClient(tracking_uri=home.tracking_uri("sqlite:///mlflow.db"))
    experiment = client.get_experiment_by_name(default_config().mlflow.experiment_name)
    runs = client.search_runs([experiment.experiment_id])
    (search,) = [item for item in runs if "mlflow.parentRunId" not in item.data.tags]
    trials = [item for item in runs if item.data.tags.get("mlflow.parentRunId") == search.info.run_id]
    assert len(trials) == 3
    losses = [item.data.metrics["validation_pinball"] for item in trials]
    assert found.validation_pinball == pytest.approx(min(losses))
    assert search.data.metrics["validation_pinball"] == pytest.approx(min(losses))
    assert all(set(item.data.params) == set(SPACE) for item in trials)
    history = client.get_metric_history(trials[0].info.run_id, "val_loss")
    assert [point.step for point in history] == [1, 2]


def test_a_search_goes_on_where_it_was(
    home: Home, config: MetrifyConfig, training_set: Path, found: FoundParameters
) -> None:
    told: list[str] = []
    again = search_parameters(training_set, config, 3, home, lambda line, done: told.append(line))
    assert told == []
    assert again == found
    more = search_parameters(training_set, config, 4, home, lambda line, done: told.append(line))
    assert {line.split(" step")[0] for line in told} == {"trial 3"}
    assert more.trials == 4
    assert more.validation_pinball <= found.validation_pinball


def test_the_command_searches(home: Home, config: MetrifyConfig, tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump(config.model_dump(mode="json")), encoding="utf-8")
    arguments = ["--search", "1", "--dataset", SOURCE, "--config", str(path), "--data-size", "300", "--json"]
    done = run(home, "train", *arguments)
    assert done.returncode == 0, done.stderr
    printed = json.loads(done.stdout)
    assert printed["trials"] == 1
    best = load_config(Path(printed["config"])).training.consumption_forecasting
    assert best.max_training_windows == 300
    assert best.learning_rate == printed["parameters"]["learning_rate"]
    assert not list(home.searches.glob(".training-set-*"))


def test_a_fit_prints_what_katib_reads(home: Home, config: MetrifyConfig, tmp_path: Path) -> None:
    path, model = tmp_path / "config.yaml", tmp_path / "model.onnx"
    path.write_text(yaml.safe_dump(config.model_dump(mode="json")), encoding="utf-8")
    tried = ["--parameter", "learning_rate=0.01", "--parameter", "lstm_units=4"]
    done = run(home, "fit", "--dataset", SOURCE, "--config", str(path), *tried, "--output", str(model))
    assert done.returncode == 0, done.stderr
    read = [dict(KATIB_LINE.findall(line)) for line in done.stdout.splitlines()]
    assert [metrics.get("step") for metrics in read] == ["1", "2", None]
    losses = [float(metrics["validation_pinball"]) for metrics in read]
    assert losses[2] == min(losses)
    assert set(OnnxModel(model).input_names) == {"load_window", "window_rest_day", "horizon_calendar", "meter_code"}


@pytest.mark.parametrize("parameter", ["epochs", "epochs=0", "colour=red", "trees.depth=3", "woods.depth=3"])
def test_a_parameter_that_is_not_allowed_is_wrong_usage(home: Home, parameter: str) -> None:
    done = CliRunner().invoke(metrify, ["fit", "--dataset", SOURCE, "--parameter", parameter])
    assert isinstance(done.exception, UsageError)
    assert parameter in str(done.exception)


@pytest.mark.parametrize(
    ("space", "problem"),
    [
        ("{sequence_length: [48, 96]}", "'sequence_length' is none of"),
        ("{lstm_units: [8, 2]}", "search.lstm_units: 2 is not allowed"),
        ("{learning_rate: {low: 0, high: 1, log: true}}", "doesn't rise"),
        ("{epochs: {low: 3, high: 3}}", "doesn't rise"),
        ("{epochs: []}", "search.epochs"),
    ],
)
def test_a_space_that_can_t_be_searched_is_refused(space: str, problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        parse_config(f"search: {space}")
