"""What `metrify train` can train: each kind with its pipeline, its part of the configuration and what is said of it."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import typer

from metrify.cli.output import called_as
from metrify.cli.training_run import (
    ANOMALY_TRAINING,
    FORECASTER_TRAINING,
    GRID_TRAINING,
    TrainingPipeline,
    dataset_name,
)

if TYPE_CHECKING:
    from metrify.config import Home, MetrifyConfig

_FEW_WINDOWS = 1_000
_DEFAULT_FEEDER = "1-LV-rural1--2-sw"  # of SimBench, whose transformer is overloaded in 1,277 steps of the year


class Models(StrEnum):
    """What can be trained."""

    CONSUMPTION = "consumption"
    ANOMALY = "anomaly"
    GRID = "grid"


@dataclass(frozen=True)
class Trainable:
    """A kind of models.

    Attributes:
        pipeline: That trains them.
        default_source: What they are trained on where nobody names anything.
        with_size: The configuration with at most so many windows, days or weeks.
        model_type: That a configuration asks for.
        tell_consequences: Says beforehand, of a source and a size, what the training puts in the place of another and
            what it is too small for; what is unknown is refused.
        next_steps: What to do with a model of a source and a service, one command or two.
    """

    pipeline: TrainingPipeline
    default_source: Callable[[], str]
    with_size: Callable[["MetrifyConfig", int], "MetrifyConfig"]
    model_type: Callable[["MetrifyConfig"], str]
    tell_consequences: Callable[[str, "Home", int | None], None]
    next_steps: Callable[[str, str], list[str]]


def _tell_of_store(source: str, home: "Home", windows: int | None) -> None:
    from metrify.adapters.materialised_readings import is_materialised, read_place
    from metrify.readings.sources import locate_source

    if windows is not None and windows < _FEW_WINDOWS:
        typer.echo(f"note: {windows} windows make a model to try the way with, not one to forecast with", err=True)
    locate_source(source, home.public_folders(), home.datasets)  # who names none is told so first
    if is_materialised(home) and (held := read_place(home).dataset) != source:
        typer.echo(
            f"note: the feature store is filled with {source} in the place of {held}, whose meters are then unknown; "
            "another METRIFY_HOME keeps both",
            err=True,
        )


def _require_feeder(source: str, home: "Home", weeks: int | None) -> None:
    from metrify.readings.sources.simbench import GRIDS
    from metrify.steps.find_feeder import find_feeder

    if source not in GRIDS:  # these are there, and take seconds to be read
        find_feeder(source, home)


def _after_grid(source: str, service: str) -> list[str]:
    return [
        f"{called_as()} optimize --feeder {source}",
        f"{called_as()} train --dataset {source}, so that a service has forecasts of the feeder's meters",
    ]


TRAINABLE = {
    Models.CONSUMPTION: Trainable(
        FORECASTER_TRAINING,
        dataset_name,
        lambda config, size: config.with_forecasting(max_training_windows=size),
        lambda config: config.training.consumption_forecasting.model_type,
        _tell_of_store,
        lambda source, service: [f"{called_as()} serve"],
    ),
    Models.ANOMALY: Trainable(
        ANOMALY_TRAINING,
        dataset_name,
        lambda config, size: config.with_anomaly_detection(max_training_days=size),
        lambda config: config.training.anomaly_detection.model_type,
        lambda source, home, size: _tell_of_store(source, home, None),
        lambda source, service: [f"{called_as()} detect, or {called_as()} serve --service {service}"],
    ),
    Models.GRID: Trainable(
        GRID_TRAINING,
        lambda: _DEFAULT_FEEDER,
        lambda config, size: config.with_grid_optimization(max_training_weeks=size),
        lambda config: config.training.grid_optimization.model_type,
        _require_feeder,
        _after_grid,
    ),
}
