"""A feeder with its prices and what could be expected of it, and the controllers that decide by that."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

from metrify.config import MetrifyConfig
from metrify.grid.controllers.controller import Controller
from metrify.grid.controllers.learnt import ActionLayout, LearntController
from metrify.grid.controllers.onnx_policy import OnnxPolicy
from metrify.grid.controllers.predictive import ModelPredictive
from metrify.grid.controllers.view import ControlView
from metrify.grid.feeder_files import StoredFeeder, read_feeder
from metrify.grid.forecasts.expected_profiles import Expectations
from metrify.grid.forecasts.forecast_files import read_forecasts
from metrify.grid.forecasts.hourly_forecaster import HourlyForecasts
from metrify.grid.tariff import Tariff
from metrify.steps.progress import tell_progress

ServedController = Literal["learnt", "model_predictive"]  # who may decide when a bundle is served
LEARNT: ServedController = "learnt"
MODEL_PREDICTIVE: ServedController = "model_predictive"
_PEAK_HOURS = 168.0  # peaks are charged by the week


@dataclass(frozen=True, eq=False)
class FeederCase:
    """What controllers are trained, chosen and judged on.

    Attributes:
        stored: The feeder with its profiles.
        tariff: Prices.
        forecasts: Of its elements.
    """

    stored: StoredFeeder
    tariff: Tariff
    forecasts: HourlyForecasts

    @cached_property
    def view(self) -> ControlView:
        """What learnt controllers see."""
        return ControlView(self.stored.feeder, self.tariff, self.stored.timezone)

    @cached_property
    def layout(self) -> ActionLayout:
        """What they say."""
        return ActionLayout(self.stored.feeder, self.view.scale_kw)

    @cached_property
    def expectations(self) -> Expectations:
        """What can be expected at each step."""
        return Expectations(self.stored.feeder, self.stored.profiles, self.forecasts)

    def controller(self, name: ServedController, model: Path) -> Controller:
        """Who decides.

        Args:
            name: Which one.
            model: ONNX file of the learnt one.

        Raises:
            GridError: The file is no policy of this feeder.
        """
        if name == MODEL_PREDICTIVE:
            return ModelPredictive(self.stored.feeder, self.tariff, self.stored.timezone, _PEAK_HOURS)
        return LearntController(self.view, OnnxPolicy(model, self.view.size, self.layout.size))


def load_case(feeder: Path, forecasts: Path, config: MetrifyConfig) -> FeederCase:
    """Reads a feeder and its forecasts.

    Args:
        feeder: Folder of `load_feeder`.
        forecasts: File of `forecast_feeder`.
        config: Of which the tariff is taken.

    Raises:
        GridError: They are damaged, or don't fit each other.
    """
    stored = read_feeder(feeder)
    elements = len(stored.feeder.load_names) + len(stored.feeder.pv_names)
    tariff = Tariff(**config.grid.tariff.model_dump())
    return FeederCase(stored, tariff, read_forecasts(forecasts, elements))


def telling(name: str) -> Callable[[str], None]:
    """Tells progress of what has a name."""
    return lambda line: tell_progress(f"{name.replace('_', ' ')}, {line}")
