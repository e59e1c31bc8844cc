"""How far the readings of a day lie from a quantile forecast that is made as it begins.

The forecast is that of the platform's own network. It knows the weekday and the holiday, and how one day follows
another, so what it can't foresee is unusual; how wide its intervals are says what is unusual in this home at this hour.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
from keras import layers, ops

from metrify.anomaly.meter_days import ROWS_AT_ONCE, MeterDays
from metrify.anomaly.training.fault_rows import DayRows
from metrify.config.anomaly_detection import AnomalyDetectionConfig
from metrify.config.schema import ConsumptionForecastingConfig, NetworkType
from metrify.errors import AnomalyError
from metrify.forecasting.training.export import export_onnx
from metrify.forecasting.training.fit import fit_network
from metrify.forecasting.training.rows import TrainingRows
from metrify.units import intervals_per_day

# What the network reads, and which features these are as the judged day begins.
FORECAST_FEATURES: Mapping[str, str] = {
    "load_window": "history_window",
    "window_rest_day": "history_rest_day",
    "horizon_calendar": "day_calendar",
}
READINGS = "day_readings"
_NETWORK: NetworkType = "context"
_VALIDATION_SHARE = 0.1  # of the meters; they say which epoch was the best
_LARGEST = 2.0  # widths, so that a few readings don't decide
_SMALLEST_WIDTH = 0.02  # over the mean load
_SMALLEST_KWH = 1e-3


@dataclass(frozen=True, eq=False)
class ForecastDays:
    """Meter-days as rows of a forecaster: what is known when they begin, and their readings as targets.

    Attributes:
        days: The readings.
        meters: `[n]` rows of their matrix.
        numbers: `[n]` numbers of days.
    """

    days: MeterDays
    meters: np.ndarray
    numbers: np.ndarray

    def __len__(self) -> int:
        return len(self.meters)

    @property
    def non_negative(self) -> bool:
        """Whether no load is negative."""
        return not (self.days.matrix.kwh < 0).any()

    @property
    def known_codes(self) -> dict[str, np.ndarray]:
        """None: what is learnt of one meter would be no help with another."""
        return {}

    def take(self, rows: np.ndarray) -> TrainingRows:
        """Some of the rows; what they read is computed here, and held nowhere."""
        names = (*FORECAST_FEATURES.values(), READINGS)
        found = self.days.features(names, self.meters[rows], self.numbers[rows])
        return TrainingRows({name: found[feature] for name, feature in FORECAST_FEATURES.items()}, found[READINGS])

    def choose(self, rows: np.ndarray) -> "ForecastDays":
        """Some of the rows, as rows."""
        return ForecastDays(self.days, self.meters[rows], self.numbers[rows])


class FittedForecastResidual:
    """A network from a day and the days before it to `score [N]`.

    Args:
        network: The fitted forecaster.
        levels: Of its quantiles, rising.
        curve: Its losses by epoch.
    """

    def __init__(self, network: keras.Model, levels: tuple[float, ...], curve: list[dict[str, float]]) -> None:
        self._network, self.curve = _score_of(network, levels), curve

    def export_onnx(self, path: Path) -> None:
        """Writes its graph."""
        export_onnx(self._network, path)


def fit_forecast_residual(
    rows: DayRows, config: AnomalyDetectionConfig, on_epoch: Callable[[int, dict[str, float]], None]
) -> FittedForecastResidual:
    """Fits a quantile forecaster to mostly normal days, deterministic by seed.

    Args:
        rows: Days of training meters.
        config: Epochs and seed.
        on_epoch: Told each epoch's number from 1 and its losses.

    Raises:
        AnomalyError: There are too few meters, or too few days of which enough was measured.
    """
    resolution = rows.days.context.resolution_minutes
    day = intervals_per_day(resolution)
    settings = ConsumptionForecastingConfig(
        model_type=_NETWORK,
        sequence_length=rows.days.context.sequence_length - day,
        forecast_horizon=day,
        epochs=config.forecast_epochs,
        seed=config.seed,
    )
    known = _known(ForecastDays(rows.days, rows.meters, rows.numbers))
    train, validation = _split(known, config.seed)
    network, curve = fit_network(train, validation, settings, day, on_epoch)
    return FittedForecastResidual(network, settings.quantiles, curve)


def _known(rows: ForecastDays) -> ForecastDays:
    """Those with a whole history, and any reading of the day."""
    known = []
    for first in range(0, len(rows), ROWS_AT_ONCE):
        part = rows.take(np.arange(first, min(first + ROWS_AT_ONCE, len(rows))))
        whole = np.isfinite(part.features["load_window"]).all(axis=1)
        known.append(whole & np.isfinite(part.target_kwh).any(axis=1))
    return rows.choose(np.flatnonzero(np.concatenate(known)))


def _split(rows: ForecastDays, seed: int) -> tuple[ForecastDays, ForecastDays]:
    meters = np.random.default_rng(seed).permutation(np.unique(rows.meters))
    if len(meters) < 2:
        raise AnomalyError(
            f"{len(meters)} meter with known days can't train and validate a forecaster.",
            "Bring more meters, or choose another training.anomaly_detection.model_type.",
        )
    held = np.isin(rows.meters, meters[: max(round(_VALIDATION_SHARE * len(meters)), 1)])
    return rows.choose(np.flatnonzero(~held)), rows.choose(np.flatnonzero(held))


def _score_of(network: keras.Model, levels: tuple[float, ...]) -> keras.Model:
    """The forecaster's quantiles beside the readings: the mean of how far these lie from the median, on either side.

    The unit is the distance from the median to the outermost quantile on the reading's side. A missing reading, and one
    that nothing is expected of, is 0.
    """
    read = {FORECAST_FEATURES[tensor.name]: tensor for tensor in network.inputs}
    inputs = {name: keras.Input(tensor.shape[1:], name=name) for name, tensor in read.items()}
    quantiles = network(list(inputs.values()))
    readings = keras.Input(quantiles.shape[1:2], name=READINGS)
    lowest, median, highest = quantiles[..., 0], quantiles[..., levels.index(0.5)], quantiles[..., -1]
    scale = ops.mean(ops.abs(inputs["history_window"]), axis=1, keepdims=True)
    smallest = _SMALLEST_WIDTH * scale + _SMALLEST_KWH
    apart = readings - median
    width = ops.maximum(ops.where(apart > 0, highest - median, median - lowest), smallest)
    distance = apart / width
    clipped = ops.clip(ops.where(ops.isnan(distance), 0.0, distance), -_LARGEST, _LARGEST)
    score = ops.mean(ops.abs(clipped), axis=1)
    return keras.Model([*inputs.values(), readings], layers.Identity(name="score")(score))
