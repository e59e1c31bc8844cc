"""A run of the bench that is stopped goes on where it was."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from metrify.cli.bench.forecast.forecasters import forecast_by_graph
from metrify.cli.bench.forecast.kept_models import KeptModels
from metrify.cli.bench.forecast.protocol_rows import find_rows
from metrify.cli.bench.forecast.train_model import Trained, TrainingSides, train_model
from metrify.config import Home
from metrify.config.loader import default_config
from metrify.config.schema import ConsumptionForecastingConfig, FeatureEngineeringConfig

from .protocols import draw_protocol


class StoppedError(Exception):
    """The run was stopped."""


def tiny() -> ConsumptionForecastingConfig:
    changes = {"model_type": "residual", "lstm_units": 4, "epochs": 3, "max_training_windows": 16}
    return default_config().training.consumption_forecasting.model_copy(update=changes)


def train(folder: Path, told: list[str], stop_at: str = "never") -> Trained:
    protocol = draw_protocol()
    sides = TrainingSides(
        *(find_rows(protocol, side, FeatureEngineeringConfig())[0] for side in ("train", "validation"))
    )

    def tell(line: str) -> None:
        told.append(line)
        if stop_at in line:
            raise StoppedError

    return train_model(sides, tiny(), folder, "model", tell)


def test_a_stopped_training_goes_on_and_comes_to_the_same_model_and_a_whole_one_is_not_trained_again(
    tmp_path: Path,
) -> None:
    told: list[str] = []
    whole = train(tmp_path / "whole", told)
    assert sum("epoch" in line for line in told) == 6  # of the fit and the refit
    with pytest.raises(StoppedError):
        train(tmp_path / "stopped", [], "epoch 2 of 6")
    told.clear()
    resumed = train(tmp_path / "stopped", told)
    assert sum("epoch" in line for line in told) == 4
    rows, _ = find_rows(draw_protocol(), "test", FeatureEngineeringConfig())
    quantiles = forecast_by_graph(whole.served, rows)
    np.testing.assert_allclose(forecast_by_graph(resumed.served, rows), quantiles, rtol=1e-4, atol=1e-5)
    told.clear()
    again = train(tmp_path / "stopped", told)
    assert told == ["model: was trained by the run that was stopped"]
    assert again.cpu_seconds == resumed.cpu_seconds > 0
    np.testing.assert_array_equal(forecast_by_graph(again.served, rows), forecast_by_graph(resumed.served, rows))


def test_other_rows_and_other_parameters_have_folders_of_their_own(tmp_path: Path) -> None:
    home, protocol, config = Home(tmp_path), draw_protocol(), default_config()
    changed = replace(protocol.matrix, kwh=protocol.matrix.kwh + 1)
    folders = {
        KeptModels(home, rows, config).of(model, weather)
        for rows in (protocol, replace(protocol, matrix=changed))
        for model in (tiny(), tiny().model_copy(update={"seed": 1}))
        for weather in (True, False)
    }
    assert len(folders) == 8
    assert KeptModels(home, draw_protocol(), config).of(tiny(), True) in folders


def test_what_was_kept_is_gone_when_the_run_is_through(tmp_path: Path) -> None:
    kept = KeptModels(Home(tmp_path), draw_protocol(), default_config())
    kept.of(tiny(), False).mkdir(parents=True)
    kept.forget()
    assert not any((tmp_path / "checkpoints").iterdir())
