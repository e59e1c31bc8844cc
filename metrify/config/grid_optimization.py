"""The section `training.grid_optimization`."""

from typing import Annotated, Literal

from pydantic import Field

from metrify.config.section import Section, Share

ControllerType = Literal["multi_output", "ensemble", "reinforcement_learning"]


class GridForecastConfig(Section):
    """The forecaster of a feeder's own loads and inverters, by which controllers learn and are judged."""

    forecast_horizon_hours: Annotated[int, Field(ge=24, le=72)] = 36
    max_training_windows: Annotated[int, Field(ge=1)] = 40_000
    epochs: Annotated[int, Field(ge=1)] = 6


class ReinforcementConfig(Section):
    """Of proximal policy optimisation, after its policy has learnt from demonstrations."""

    minutes: Annotated[float, Field(gt=0)] = 8.0  # of wall time that it may take at most
    updates: Annotated[int, Field(ge=1)] = 400
    feeders: Annotated[int, Field(ge=1)] = 64  # that are controlled at the same time
    update_steps: Annotated[int, Field(ge=8)] = 96  # of each of them between two updates
    learning_rate: Annotated[float, Field(gt=0)] = 3e-4
    clip: Annotated[float, Field(gt=0, lt=1)] = 0.2  # by which an update may change how likely an action is
    discount: Annotated[float, Field(gt=0, le=1)] = 0.998  # of a step
    noise: Annotated[float, Field(gt=0)] = 0.1  # standard deviation of what is tried, at the beginning


class GridOptimizationConfig(Section):
    """The learnt controller of a feeder."""

    model_type: ControllerType = "multi_output"
    units: Annotated[int, Field(ge=4, le=1024)] = 128  # of each hidden layer
    dropout_rate: Annotated[float, Field(ge=0, lt=1)] = 0.1
    epochs: Annotated[int, Field(ge=1)] = 15
    batch_size: Annotated[int, Field(ge=1)] = 256
    learning_rate: Annotated[float, Field(gt=0)] = 2e-3
    demonstration_rounds: Annotated[int, Field(ge=0)] = 4  # in which the learner acts and the teacher corrects it
    max_training_weeks: Annotated[int, Field(ge=8)] = 40  # that are demonstrated
    chosen_weeks: Annotated[int, Field(ge=1)] = 4  # kept from training, by which controllers are chosen
    trees: Annotated[int, Field(ge=1)] = 100  # of each forest of an ensemble
    validation_share: Share = 0.2  # of the weeks that an ensemble's combiner is fitted to
    reinforcement: ReinforcementConfig = ReinforcementConfig()
    forecast: GridForecastConfig = GridForecastConfig()
    seed: int = 0
