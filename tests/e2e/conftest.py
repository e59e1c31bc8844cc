"""One small demo on imported readings, run as a user would, for all tests of this folder."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from metrify.config import Home

METERS, DAYS = 40, 110

Metrify = Callable[..., subprocess.CompletedProcess[str]]


@dataclass(frozen=True)
class Demo:
    """A finished demo.

    Attributes:
        home: Its METRIFY_HOME.
        config: Its configuration file.
        readings: What was imported.
        answer: What `metrify demo --json` printed.
        figures: Its rows by name.
        metrify: Runs further commands in the same home.
    """

    home: Path
    config: Path
    readings: pd.DataFrame
    answer: dict
    figures: dict[str, float]
    metrify: Metrify


@dataclass(frozen=True)
class Server:
    """A running `metrify serve`: its process, its addresses and what it says on stderr."""

    process: subprocess.Popen[str]
    url: str
    grpc: str
    log: Path


def village(seed: int) -> pd.DataFrame:
    """Hourly readings of made-up households, each with a smooth daily profile of its own and noise, in local time."""
    generator = np.random.default_rng(seed)
    stamps = pd.date_range("2023-01-02", periods=DAYS * 24, freq="h", tz="UTC")
    hour, rest = stamps.hour.to_numpy(), stamps.dayofweek.to_numpy() >= 5
    level, evening = generator.uniform(0.2, 1, (METERS, 1)), generator.uniform(17, 21, (METERS, 1))
    shape = 0.6 + 0.5 * np.exp(-((hour - 7) ** 2) / 4) + 1.2 * np.exp(-((hour - evening) ** 2) / 8)
    watts = 1000 * level * shape * np.where(rest, 1.2, 1) * generator.lognormal(0, 0.35, shape.shape)
    return pd.DataFrame(
        {
            "MPAN": np.repeat([f"10{number:011d}" for number in range(METERS)], len(stamps)),
            "read_at": np.tile(stamps.strftime("%Y-%m-%dT%H:%M:%SZ"), METERS),
            "wh": watts.ravel().round(1),
        }
    )


def processes_of(home: Path) -> list[str]:
    """Commands that run in a home."""
    commands = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if f"METRIFY_HOME={home}\0".encode() in (folder / "environ").read_bytes():
                commands.append((folder / "cmdline").read_text())
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
    return commands


def run_metrify(home: Path, *arguments: str, dataset: str = "village", timeout: float = 280):
    """Runs the command line in a process of its own."""
    environment = {**os.environ, "METRIFY_HOME": str(home), "METRIFY_DATASET": dataset, "COLUMNS": "200"}
    command = [sys.executable, "-m", "metrify", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=timeout, check=False)


@dataclass(frozen=True)
class Village:
    """A home into which readings were imported, and these readings."""

    home: Path
    readings: pd.DataFrame


@pytest.fixture(scope="session")
def imported(tmp_path_factory: pytest.TempPathFactory, with_known_pseudonyms: Callable[[Home], Home]) -> Village:
    """Imports a village. Whoever goes on with it takes a copy of the home."""
    folder = tmp_path_factory.mktemp("village")
    home, path, readings = folder / "home", folder / "village.csv", village(0)
    readings.to_csv(path, index=False)
    columns = ("--column", "meter_id=MPAN", "--column", "timestamp=read_at", "--column", "kwh=wh")
    with_known_pseudonyms(Home(home))
    done = run_metrify(home, "data", "import", "--name", "village", "--readings", str(path), *columns, "--unit", "Wh")
    assert done.returncode == 0, done.stderr
    return Village(home, readings)


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory, imported: Village) -> Demo:
    """Runs the demo on the village."""
    folder = tmp_path_factory.mktemp("demo")
    home, config = folder / "home", folder / "ml_config.yaml"
    shutil.copytree(imported.home, home)
    small = {"lstm_units": 8, "epochs": 4, "batch_size": 64, "learning_rate": 0.01, "refit_through_validation": False}
    config.write_text(yaml.safe_dump({"training": {"consumption_forecasting": small}}))
    done = run_metrify(home, "demo", "--config", str(config), "--json")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    figures = {row["name"]: row["value"] for row in answer["rows"]}
    metrify = lambda *arguments, **options: run_metrify(home, *arguments, **options)  # noqa: E731
    return Demo(home, config, imported.readings, answer, figures, metrify)


@pytest.fixture(scope="session")
def server(demo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """`metrify serve` on free ports. The last test that asks for it ends it."""
    log = tmp_path_factory.mktemp("serve") / "stderr"
    environment = {**os.environ, "METRIFY_HOME": str(demo.home)}
    command = [sys.executable, "-m", "metrify", "serve", "--port", "0", "--grpc-port", "0"]
    with log.open("w") as stderr:
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=stderr, text=True)
    assert process.stdout is not None
    url, grpc = (process.stdout.readline().split()[1] for _ in range(2))
    yield Server(process, url, grpc, log)
    if process.poll() is None:
        process.terminate()
    process.wait(20)
    process.stdout.close()
