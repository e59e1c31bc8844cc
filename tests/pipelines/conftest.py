"""Made-up households in the form of the London set, and a training that takes seconds."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from metrify.config import Home, default_config
from metrify.config.home import DATA_VARIABLE, HOME_VARIABLE
from pipelines.run_local import LocalRun, run_local

PIPELINE = "forecaster_training"
SOURCE = "london_hourly_2013"
METERS = 40
DAYS = 100

Run = Callable[..., LocalRun]


def daily_profile(generator: np.random.Generator) -> np.ndarray:
    """A smooth week of 168 hours for each meter: a morning and an evening of its own, and another weekend."""
    hours, days = np.arange(168) % 24, np.arange(168) // 24
    level, evening, weekend = (
        generator.uniform(low, high, (METERS, 1)) for low, high in ((0.2, 1), (17, 21), (1, 1.3))
    )
    shape = 0.6 + 0.5 * np.exp(-((hours - 7) ** 2) / 4) + 1.2 * np.exp(-((hours - evening) ** 2) / 8)
    return level * shape * np.where(days >= 5, weekend, 1)


def write_households(folder: Path, noise: float) -> list[str]:
    """Writes `london_hourly_2013.parquet`; returns the meter numbers.

    Args:
        folder: Where it goes.
        noise: Standard deviation of the logarithm. Without any, every week is like the last.
    """
    generator = np.random.default_rng(0)
    stamps = pd.date_range("2013-01-07", periods=DAYS * 24, freq="h", tz="UTC", unit="ms")
    kwh = np.resize(daily_profile(generator).T, (len(stamps), METERS)).T
    kwh = kwh * generator.lognormal(0, noise, kwh.shape)
    numbers = [f"MAC{number:06d}" for number in generator.choice(5_000, METERS, replace=False)]
    folder.mkdir(parents=True)
    frame = pd.DataFrame(
        {
            "meter_id": np.repeat(numbers, len(stamps)),
            "timestamp": np.tile(stamps, METERS),
            "kwh": kwh.ravel().astype(np.float32),
        }
    )
    frame.to_parquet(folder / f"{SOURCE}.parquet", index=False)
    return numbers


def config_text(**forecasting: object) -> str:
    """The default configuration, but for a smaller network and a shorter training."""
    values = default_config().model_dump(mode="json")
    small = {"model_type": "gru", "lstm_units": 8, "epochs": 4, "batch_size": 64, "learning_rate": 0.01}
    once = {"refit_through_validation": False}
    values["training"]["consumption_forecasting"].update({**small, **once, **forecasting})
    values["drift"]["calibration_replays"] = 19
    return yaml.safe_dump(values)


@pytest.fixture(scope="module")
def run_in() -> Iterator[Run]:
    """Runs the training pipeline in a home, on the data beside it."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("MLFLOW_TRACKING_URI", "MLFLOW_EXPERIMENT_NAME"):
            patch.delenv(name, raising=False)

        def run(home: Home, data: Path, source: str = SOURCE, told: list[str] | None = None, **forecasting) -> LocalRun:
            patch.setenv(HOME_VARIABLE, str(home.root))
            patch.setenv(DATA_VARIABLE, str(data))
            arguments = {"source": source, "config_yaml": config_text(**forecasting), "code_version": "test"}
            return run_local(PIPELINE, arguments, home, (told if told is not None else []).append)

        yield run
