"""Networks trained for one epoch on small made-up loads, and their exported graphs."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from metrify.config.schema import ConsumptionForecastingConfig
from metrify.features.batch import FeatureBatch, FeatureContext
from metrify.features.specification import compute_features, select_features
from metrify.forecasting.onnx_model import OnnxModel

DAY = 24
CONTEXT = FeatureContext(28 * DAY, DAY, 60, "Europe/Berlin", "DE")

Features = dict[str, np.ndarray]


def draw_rows(count: int, seed: int, time_features: bool = True) -> tuple[Features, np.ndarray]:
    """Features and targets of loads with a daily shape, own level and noise; with a calendar also meter and tariff."""
    generator = np.random.default_rng(seed)
    shape = 1 + 0.6 * np.sin(2 * np.pi * np.arange(29 * DAY) / DAY)
    level = generator.uniform(0.1, 3, (count, 1))
    loads = (level * shape * generator.lognormal(0, 0.3, (count, 29 * DAY))).astype(np.float32)
    origins = np.datetime64("2024-01-01", "s") + generator.integers(300, size=count) * np.timedelta64(1, "D")
    meters = np.array([f"m_{row % 40}" for row in range(count)])
    tariffs = np.array(["Std", "ToU", ""], object)[np.arange(count) % 40 % 3]
    batch = FeatureBatch(loads[:, : 28 * DAY], origins, CONTEXT, meter_ids=meters, static={"tariff": tariffs})
    features = select_features(
        time_features, include_meter=time_features, static_columns=("tariff",) if time_features else ()
    )
    return compute_features(features, batch), loads[:, 28 * DAY :]


@dataclass(frozen=True)
class Trained:
    """A network, as Keras knows it and as it is served."""

    config: ConsumptionForecastingConfig
    keras: object
    onnx: OnnxModel
    path: Path
    losses: list[dict[str, float]]
    told: list[int]
    time_features: bool

    def rows(self, count: int, seed: int = 5) -> Features:
        return draw_rows(count, seed, self.time_features)[0]


def train_one(folder: Path, model_type: str, time_features: bool) -> Trained:
    """Trains for one epoch and exports."""
    from metrify.forecasting.training.fit_model import FittedNetwork, fit_model
    from metrify.forecasting.training.rows import TrainingRows

    config = ConsumptionForecastingConfig(
        model_type=model_type, ensemble_members=("context", "gru"), lstm_units=8, epochs=1, batch_size=32, seed=3
    )
    told: list[int] = []
    fitted = fit_model(
        TrainingRows(*draw_rows(128, 1, time_features)),
        TrainingRows(*draw_rows(32, 2, time_features)),
        config,
        DAY,
        lambda epoch, loss: told.append(epoch),
    )
    assert isinstance(fitted, FittedNetwork)
    network, losses = fitted.network, fitted.curve
    path = folder / "model.onnx"
    fitted.export_onnx(path)
    return Trained(config, network, OnnxModel(path), path, losses, told, time_features)


KINDS = [(kind, True) for kind in ("lstm", "transformer", "context", "ensemble")]
WITHOUT_CALENDAR = ("gru", False)


@pytest.fixture(scope="session", params=[*KINDS, WITHOUT_CALENDAR], ids=str)
def trained(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Networks of each kind, and one without time features; the other encoders differ from these in little."""
    return train_one(tmp_path_factory.mktemp("network"), *request.param)
