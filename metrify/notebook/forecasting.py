"""The day-ahead forecaster: trained and exported as the pipeline does it, asked through ONNX as the servers do it."""

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from metrify.config.schema import ConsumptionForecastingConfig
from metrify.errors import UsageError
from metrify.features.meter_code import METER_CODE
from metrify.features.specification import select_features
from metrify.features.static_code import STATIC_PREFIX, is_code
from metrify.forecasting.onnx_model import OnnxModel
from metrify.notebook.model_inputs import checked_array, feature_shapes, names_of
from metrify.units import intervals_per_day

Features = np.ndarray | Mapping[str, np.ndarray]


class ConsumptionModelConfig(ConsumptionForecastingConfig):
    """The keys of `training.consumption_forecasting` as keyword arguments."""


class ConsumptionForecastingModel:
    """A quantile forecaster of the next day of a meter.

    Args:
        config: Sizes and training parameters.
        resolution_minutes: Length of an interval.
    """

    def __init__(self, config: ConsumptionForecastingConfig | None = None, resolution_minutes: int = 60) -> None:
        self.config = config or ConsumptionModelConfig()
        self._day_length = intervals_per_day(resolution_minutes)
        self._shapes = feature_shapes(self.config, resolution_minutes)
        self._model: OnnxModel | None = None
        self._graph = b""

    def train(
        self,
        X_train: Features,
        y_train: np.ndarray,
        X_val: Features,
        y_val: np.ndarray,
        on_epoch: Callable[[int, dict[str, float]], None] = lambda epoch, losses: None,
    ) -> list[dict[str, float]]:
        """Trains until the validation loss stops falling, and keeps the best weights.

        Args:
            X_train: `[N, sequence_length]` kWh per interval, oldest first, for a network without time features; or all
                features of `FeatureEngineeringPipeline` by name. Rows beyond `max_training_windows` are left out by a
                seeded draw.
            y_train: `[N, forecast_horizon]` kWh per interval.
            X_val: Like `X_train`, of other meters or a later time.
            y_val: Like `y_train`.
            on_epoch: Called after each epoch with its number from 1 and its losses.

        Returns:
            The losses by epoch.

        Raises:
            UsageError: An array has another shape, no row or a value that is not finite.
            ConfigError: The sizes of the configuration don't fit.
        """
        from metrify.forecasting.training.rows import TrainingRows
        from metrify.forecasting.training.train_model import train_model

        train = self._features("X_train", X_train)
        validation = self._features("X_val", X_val)
        if set(train) != set(validation):
            raise UsageError(
                f"X_train has {names_of(train)} and X_val has {names_of(validation)}.", "Give both the same features."
            )
        y_train, y_val = self._targets("y_train", y_train, train), self._targets("y_val", y_val, validation)
        kept = self._draw(len(y_train))
        with tempfile.TemporaryDirectory(prefix="metrify-model-") as folder:
            path = Path(folder) / "model.onnx"
            losses = train_model(
                TrainingRows({name: values[kept] for name, values in train.items()}, y_train[kept]),
                TrainingRows(validation, y_val),
                self.config,
                self._day_length,
                path,
                on_epoch,
            ).curve
            self._model, self._graph = OnnxModel(path), path.read_bytes()
        return losses

    def predict(self, X: Features) -> np.ndarray:
        """Point forecasts: the medians, `[N, forecast_horizon]` kWh per interval.

        Args:
            X: As for `train`, with the same features.

        Raises:
            UsageError: The model is not trained, or an array does not fit.
        """
        return self.predict_quantiles(X)[..., self.config.quantiles.index(0.5)]

    def predict_quantiles(self, X: Features) -> np.ndarray:
        """Quantiles, `[N, forecast_horizon, Q]` kWh per interval, in the order of `config.quantiles`.

        Args:
            X: As for `train`, with the same features.

        Raises:
            UsageError: The model is not trained, or an array does not fit.
        """
        model = self._require_trained()
        features = self._features("X", X)
        if set(features) != set(model.input_names):
            wanted = ", ".join(model.input_names)
            raise UsageError(f"X has {names_of(features)}; the model was trained with {wanted}.", "Give it these.")
        return model.predict_in_batches(features)

    def export_onnx(self, path: Path) -> Path:
        """Writes the trained graph to a file; returns it.

        Raises:
            UsageError: The model is not trained.
        """
        self._require_trained()
        path.write_bytes(self._graph)
        return path

    def _require_trained(self) -> OnnxModel:
        if self._model is None:
            raise UsageError("The model is not trained.", "Call `train` first.")
        return self._model

    def _features(self, title: str, X: Features) -> dict[str, np.ndarray]:
        arrays: Mapping[str, Any] = X if isinstance(X, Mapping) else {"load_window": X}
        with_calendar = {feature.name for feature in select_features(True)}
        if {name for name in arrays if not is_code(name)} not in ({"load_window"}, with_calendar):
            raise UsageError(
                f"{title} has {names_of(arrays)}.",
                f"Give it load_window alone, or all of {', '.join(sorted(with_calendar))}; perhaps with {METER_CODE}, "
                f"and with {STATIC_PREFIX}<column>.",
            )
        shapes = {name: () if is_code(name) else self._shapes[name] for name in arrays}
        features = {name: checked_array(f"{title}[{name!r}]", values, shapes[name]) for name, values in arrays.items()}
        if len({len(values) for values in features.values()}) > 1:
            raise UsageError(f"The features of {title} have different numbers of rows.", "Give each the same rows.")
        return features

    def _targets(self, title: str, y: np.ndarray, features: Mapping[str, np.ndarray]) -> np.ndarray:
        targets = checked_array(title, y, (self.config.forecast_horizon,))
        rows = len(features["load_window"])
        if len(targets) != rows:
            raise UsageError(f"{title} has {len(targets)} rows and its features have {rows}.", "Give both the same.")
        return targets

    def _draw(self, rows: int) -> np.ndarray:
        if rows <= self.config.max_training_windows:
            return np.arange(rows)
        generator = np.random.default_rng(self.config.seed)
        return np.sort(generator.choice(rows, self.config.max_training_windows, replace=False))
