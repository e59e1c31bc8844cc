"""What the demo's stages find out; the figures, the page and the summary are made from it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from metrify.cli.output import Figure
from metrify.cli.training_run import TrainedModel


@dataclass(frozen=True)
class ForecastRecord:
    """Tomorrow's forecasts of some meters.

    Attributes:
        meter_ids: `[N]`.
        origin: Start of tomorrow, local time.
        windows_kwh: `[N, L]` readings before the origin.
        quantiles_kwh: `[N, H, Q]`.
        actual_kwh: `[N, H]` what followed.
        rest_grpc_max_diff: Largest difference between both protocols' quantiles, kWh.
    """

    meter_ids: list[str]
    origin: pd.Timestamp
    windows_kwh: np.ndarray
    quantiles_kwh: np.ndarray
    actual_kwh: np.ndarray
    rest_grpc_max_diff: float


@dataclass(frozen=True)
class RolloutRecord:
    """The variants of the same meters at three steps of a rollout.

    Attributes:
        canary: Name of the canary.
        points: `[N]` each meter's place in [0, 1).
        variants: `[N]` by percentage of the canary.
        changed_when_asked_again: Meters that had another variant when they were asked a second time.
    """

    canary: str
    points: list[float]
    variants: dict[int, list[str]]
    changed_when_asked_again: int

    def on_canary(self, percent: int) -> set[int]:
        """Rows that the canary answers at a percentage."""
        return {row for row, variant in enumerate(self.variants[percent]) if variant == self.canary}


@dataclass(frozen=True)
class DriftRecord:
    """One drift check.

    Attributes:
        population: What the readings are of.
        verdict: "none" or "detected".
        p_value: Corrected over the features.
        p_values: By feature.
        profile_kwh: `[24]` mean day of the last week, mean over meters.
        profile_before_kwh: `[24]` the same of the three weeks before.
    """

    population: str
    verdict: str
    p_value: float
    p_values: dict[str, float]
    profile_kwh: np.ndarray
    profile_before_kwh: np.ndarray


@dataclass
class DemoRecord:
    """Everything that a run of the demo found out."""

    source: str
    trained: dict[str, TrainedModel] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    forecast: ForecastRecord | None = None
    rollout: RolloutRecord | None = None
    drift: dict[str, DriftRecord] = field(default_factory=dict)

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Measures the wall time of a stage."""
        started = time.monotonic()
        yield
        self.seconds[stage] = time.monotonic() - started

    def figures(self) -> list[Figure]:
        """The figures, in the order of the stages."""
        assert self.forecast is not None and self.rollout is not None
        baselines = next(iter(self.trained.values())).metrics
        at_20, at_50 = self.rollout.on_canary(20), self.rollout.on_canary(50)
        return [
            *(Figure(f"demo.seconds.{stage}", seconds, "s") for stage, seconds in self.seconds.items()),
            Figure("demo.seconds.total", sum(self.seconds.values()), "s"),
            Figure("demo.reused_steps", sum(run.reused for run in self.trained.values()), "1"),
            *(Figure(f"demo.wape.{kind}", run.metrics["wape"], "1") for kind, run in self.trained.items()),
            Figure("demo.wape.seasonal_naive", baselines["wape_seasonal_naive"], "1"),
            Figure("demo.wape.persistence", baselines["wape_persistence"], "1"),
            Figure("demo.rest_grpc_max_diff", self.forecast.rest_grpc_max_diff, "kWh"),
            Figure("demo.moved_at_20", len(at_20), "meters"),
            Figure("demo.moved_at_50", len(at_50 - at_20), "meters"),
            Figure("demo.moved_back", len(at_20 - at_50) + self.rollout.changed_when_asked_again, "meters"),
            *(Figure(f"demo.drift_p.{name}", record.p_value, "1") for name, record in self.drift.items()),
        ]
