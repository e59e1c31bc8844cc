"""What one model came to in a run, over its seeds."""

from dataclasses import dataclass, field

import numpy as np

from metrify.cli.bench.forecast.score import Score
from metrify.cli.bench.forecast.speed import Speed


@dataclass(frozen=True, eq=False)
class Result:
    """A model's scores.

    Attributes:
        name: How its rows call it.
        scores: By seed; a baseline has the one of seed 0.
        note: What a reader has to know of it.
        cpu_seconds: Of training, by seed; empty for a baseline.
        speed: Of its graph; None for a baseline.
    """

    name: str
    scores: dict[int, Score]
    note: str
    cpu_seconds: dict[int, float] = field(default_factory=dict)
    speed: Speed | None = None

    @property
    def metrics(self) -> tuple[str, ...]:
        """Names of its metrics."""
        return tuple(next(iter(self.scores.values())).metrics)

    def by_seed(self, metric: str) -> dict[int, float]:
        """A metric of each seed; none where the model lacks it."""
        if metric == "train_cpu_seconds":
            return self.cpu_seconds
        return {seed: score.metrics[metric] for seed, score in self.scores.items() if metric in score.metrics}

    def mean(self, metric: str) -> float:
        """Mean of a metric over the seeds."""
        return float(np.mean(list(self.by_seed(metric).values())))

    @property
    def absolute_errors(self) -> np.ndarray:
        """`[N, H]` kWh, mean over the seeds; NaN where nothing was measured."""
        return np.mean([score.absolute_errors for score in self.scores.values()], axis=0)
