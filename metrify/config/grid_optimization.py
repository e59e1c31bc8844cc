"""The section `training.grid_optimization`."""

from typing import Annotated, Literal

from pydantic import Field

from metrify.config.section import Section

ControllerType = Literal["multi_output"]


class GridForecastConfig(Section):
    """The forecaster of a feeder's own loads and inverters, by which controllers learn and are judged."""

    forecast_horizon_hours: Annotated[int, Field(ge=24, le=72)] = 36
    max_training_windows: Annotated[int, Field(ge=1)] = 40_000
    epochs: Annotated[int, Field(ge=1)] = 6


class GridOptimizationConfig(Section):
    """The learnt controller of a feeder."""

    model_type: ControllerType = "multi_output"
    units: Annotated[int, Field(ge=4, le=1024)] = 256  # of each hidden layer
    dropout_rate: Annotated[float, Field(ge=0, lt=1)] = 0.2
    epochs: Annotated[int, Field(ge=1)] = 30
    batch_size: Annotated[int, Field(ge=1)] = 256
    learning_rate: Annotated[float, Field(gt=0)] = 2e-3
    demonstration_rounds: Annotated[int, Field(ge=0)] = 0  # in which the learner acts and the teacher corrects it
    max_training_weeks: Annotated[int, Field(ge=8)] = 40  # that are demonstrated
    chosen_weeks: Annotated[int, Field(ge=1)] = 4  # kept from training, by which controllers are chosen
    forecast: GridForecastConfig = GridForecastConfig()
    seed: int = 0
