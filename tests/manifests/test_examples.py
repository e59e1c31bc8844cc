"""A search and a training on several workers, as a cluster gets them."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer.main

from metrify.cli.main import app
from metrify.config import default_config
from metrify.errors import ConfigError
from metrify.steps.worker_addresses import join_workers

from .files import MANIFESTS, Document, load

SEARCH, WORKERS = MANIFESTS / "examples" / "search", MANIFESTS / "examples" / "workers"


def experiment() -> Document:
    return load(SEARCH / "experiment.yaml")["spec"]


def parsed(command: list[str], arguments: list[str]) -> dict[str, Any]:
    """What the command line makes of a container's command and arguments."""
    assert command == ["python", "-m", "metrify", "fit"]
    return typer.main.get_command(app).commands["fit"].make_context("fit", list(arguments)).params


def trial_container() -> Document:
    return experiment()["trialTemplate"]["trialSpec"]["spec"]["template"]["spec"]["containers"][0]


def worker_container() -> Document:
    jobs = load(WORKERS / "training_runtime.yaml")["spec"]["template"]["spec"]["replicatedJobs"]
    return jobs[0]["template"]["spec"]["template"]["spec"]["containers"][0]


@pytest.mark.parametrize("end", [0, -1])
def test_a_trial_runs_with_both_ends_of_each_parameter(end: int) -> None:
    names = {item["name"]: item["reference"] for item in experiment()["trialTemplate"]["trialParameters"]}
    values = {}
    for item in experiment()["parameters"]:
        space = item["feasibleSpace"]
        values[item["name"]] = space["list"][end] if "list" in space else space[("min", "max")[end]]
    container = trial_container()
    filled = [
        re.sub(r"\$\{trialParameters\.(\w+)\}", lambda match: values[names[match[1]]], text)
        for text in container["args"]
    ]
    given = dict(text.split("=") for text in parsed(container["command"], filled)["parameter"])
    assert given == values
    trained = default_config().with_parameters(given).training.consumption_forecasting
    assert {name: float(value) for name, value in values.items()} == {name: getattr(trained, name) for name in values}


def test_the_objective_is_what_a_fit_prints(capsys: pytest.CaptureFixture[str]) -> None:
    from metrify.cli.fit import _print_losses

    _print_losses(1, {"loss": 0.5, "val_loss": 0.25})
    printed = dict(re.findall(r"([\w|-]+)\s*=\s*([+-]?\d*(?:\.\d+)?)", capsys.readouterr().out))
    objective = experiment()["objective"]
    assert objective["type"] == "minimize"
    assert printed[objective["objectiveMetricName"]] == "0.25"
    assert set(objective["additionalMetricNames"]) <= set(printed)
    assert experiment()["trialTemplate"]["primaryContainerName"] == trial_container()["name"]


def test_the_workers_arguments_parse() -> None:
    job = load(WORKERS / "train_job.yaml")["spec"]
    given = parsed(worker_container()["command"], job["trainer"]["args"])
    assert given["dataset"] == "ours"
    assert str(given["output"]).startswith(worker_container()["volumeMounts"][0]["mountPath"])


def test_the_job_names_its_runtime_and_its_number_of_workers() -> None:
    job, runtime = load(WORKERS / "train_job.yaml")["spec"], load(WORKERS / "training_runtime.yaml")
    assert (job["runtimeRef"]["kind"], job["runtimeRef"]["name"]) == (runtime["kind"], runtime["metadata"]["name"])
    environment = {item["name"]: item["value"] for item in job["trainer"]["env"]}
    assert environment["METRIFY_WORKERS"] == str(job["trainer"]["numNodes"])


def test_the_workers_find_each_other() -> None:
    """By the names that JobSet gives to the pods of the replicated job `node`."""
    job = load(WORKERS / "train_job.yaml")
    names = [item["name"] for item in worker_container()["env"]]
    assert "METRIFY_TRAIN_JOB" in names
    port = worker_container()["ports"][0]["containerPort"]
    pod = {"METRIFY_WORKERS": "2", "METRIFY_TRAIN_JOB": job["metadata"]["name"], "JOB_COMPLETION_INDEX": "1"}
    join_workers(pod)
    cluster = json.loads(pod["TF_CONFIG"])
    name = job["metadata"]["name"]
    assert cluster["cluster"]["worker"] == [f"{name}-node-0-{index}.{name}:{port}" for index in range(2)]
    assert cluster["task"] == {"type": "worker", "index": 1}


@pytest.mark.parametrize("environment", [{}, {"METRIFY_WORKERS": "1"}, {"METRIFY_WORKERS": "2", "TF_CONFIG": "set"}])
def test_who_is_alone_or_told_already_is_left_as_is(environment: dict[str, str]) -> None:
    before = dict(environment)
    join_workers(environment)
    assert environment == before


@pytest.mark.parametrize("environment", [{"METRIFY_WORKERS": "many"}, {"METRIFY_WORKERS": "2"}])
def test_a_worker_without_a_number_is_refused(environment: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match="METRIFY_WORKERS"):
        join_workers(environment)


@pytest.mark.parametrize("folder", [SEARCH, WORKERS], ids=lambda folder: folder.name)
def test_kustomize_sets_the_version(folder: Path, build: Callable[[Path], list[Document]]) -> None:
    assert "metrify-pipeline:0.1.0" in json.dumps(build(folder))
