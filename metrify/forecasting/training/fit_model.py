"""Fits the model that `model_type` names; what comes back is told and exported in one way, whatever it is."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import keras
import numpy as np

from metrify.config.schema import ConsumptionForecastingConfig
from metrify.errors import ConfigError
from metrify.forecasting.training.ensemble import fit_ensemble
from metrify.forecasting.training.export import export_onnx
from metrify.forecasting.training.fit import fit_network
from metrify.forecasting.training.rows import RowSource

if TYPE_CHECKING:
    from metrify.forecasting.training.trees import FittedTrees

OnStep = Callable[[int, dict[str, float]], None]
Lengths = tuple[int, ...]  # epochs of a network, one number; or rounds of trees, a number for each quantile level


class FittedModel(Protocol):
    """A fitted forecaster."""

    @property
    def curve(self) -> list[dict[str, float]]:
        """`loss` and `val_loss` after each epoch of a network, or each round of boosting."""

    @property
    def best_lengths(self) -> Lengths:
        """Until where the validation loss fell."""

    def export_onnx(self, path: Path) -> None:
        """Writes its graph, from the features that a server sends to `quantiles_kwh [N, H, Q]`."""


@dataclass(frozen=True)
class FittedNetwork:
    """A fitted network.

    Attributes:
        network: With the weights of its best epoch.
        curve: The losses by epoch.
    """

    network: keras.Model
    curve: list[dict[str, float]]

    @property
    def best_lengths(self) -> Lengths:
        """The number of the best epoch."""
        return (1 + int(np.argmin([losses["val_loss"] for losses in self.curve])),)

    def export_onnx(self, path: Path) -> None:
        """Writes the network's graph."""
        export_onnx(self.network, path)


def fit_model(
    train: RowSource,
    validation: RowSource,
    config: ConsumptionForecastingConfig,
    day_length: int,
    on_step: OnStep,
    checkpoints: Path | None = None,
    lengths: Lengths | None = None,
) -> FittedModel:
    """Fits a network or trees, deterministic by seed.

    Args:
        train: Rows to fit.
        validation: Rows of other meters in a later time, which say when to stop.
        config: Model and training parameters.
        day_length: Intervals in a day.
        on_step: Called after each epoch of a network, or each quantile level of trees, with its number from 1 and its
            losses.
        checkpoints: A folder of this training alone, from which a training that was killed goes on; nothing is kept
            without it.
        lengths: `best_lengths` of an earlier fit, which this one takes to their end; without it validation says when
            to stop.

    Raises:
        ConfigError: The sequence is not a whole number of days, or too short; or LightGBM can't be loaded.
    """
    if config.model_type == "lightgbm":
        return _load_trees()(train, validation, config, day_length, on_step, checkpoints, rounds=lengths)
    fit = fit_ensemble if config.model_type == "ensemble" else fit_network
    settings = config.settled(lengths[0]) if lengths else config
    return FittedNetwork(*fit(train, validation, settings, day_length, on_step, checkpoints))


def _load_trees() -> "Callable[..., FittedTrees]":
    try:
        from metrify.forecasting.training.trees import fit_trees
    except OSError as error:  # LightGBM brings no OpenMP of its own
        raise ConfigError(
            f"LightGBM can't be loaded: {error}.", "Install OpenMP (libgomp1 on Debian), or choose another model_type."
        ) from error
    return fit_trees
