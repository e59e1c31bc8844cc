"""Judges a sample against a reference, calibrated on history that did not drift.

A plain Kolmogorov-Smirnov test takes rows for independent. Meters are not: weather and holidays move them together, so
the plain test raises an alarm on most unchanged weeks. The distance is therefore also ranked among the distances of
replayed unchanged weeks of the reference period, and a feature's p-value is the larger of the two.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from metrify.config.schema import DriftConfig
from metrify.drift.engine import KolmogorovSmirnovEngine


@dataclass(frozen=True)
class DriftVerdict:
    """What a check found.

    Attributes:
        p_values: By feature, before the correction for their number.
        p_value: The smallest of them times their number (Bonferroni), at most 1.
        drifted: Whether `p_value` is below the threshold.
        rows: Distinct meter-weeks in the sample.
    """

    p_values: Mapping[str, float]
    p_value: float
    drifted: bool
    rows: int


class DriftDetector:
    """Drift detector of one model.

    Args:
        reference: Rows of the reference population.
        null_distances: Distances of replayed unchanged samples by feature.
        p_value: Threshold of the corrected p-value.
        min_rows: Rows below which no verdict is given.
    """

    def __init__(
        self, reference: pd.DataFrame, null_distances: Mapping[str, list[float]], p_value: float, min_rows: int
    ) -> None:
        self._engine = KolmogorovSmirnovEngine(reference)
        self._features = list(reference.columns)
        self._null = np.array([null_distances[name] for name in self._features])
        self._p_value = p_value
        self._min_rows = min_rows

    def check(self, sample: pd.DataFrame) -> DriftVerdict | None:
        """Judges a sample; None while it has fewer distinct rows than a verdict needs."""
        if len(sample) < self._min_rows:
            return None
        distances, p_values = self._engine.distances_and_p_values(sample[self._features])
        ranks = (1 + (self._null >= distances[:, None]).sum(axis=1)) / (1 + self._null.shape[1])
        calibrated = np.maximum(p_values, ranks)
        corrected = min(1.0, float(calibrated.min()) * len(calibrated))
        by_feature = dict(zip(self._features, calibrated.tolist(), strict=True))
        return DriftVerdict(by_feature, corrected, corrected < self._p_value, len(sample))


def calibrate(
    reference: pd.DataFrame, draw_sample: Callable[[np.random.Generator], pd.DataFrame], config: DriftConfig, seed: int
) -> dict[str, list[float]]:
    """Distances of replayed unchanged samples.

    Args:
        reference: Rows of the reference population.
        draw_sample: Draws the meters of one unchanged week.
        config: How many replays.
        seed: Seed of the draws.

    Returns:
        `config.calibration_replays` distances by feature.
    """
    engine, generator = KolmogorovSmirnovEngine(reference), np.random.default_rng(seed)
    distances = [engine.distances_and_p_values(draw_sample(generator))[0] for _ in range(config.calibration_replays)]
    return dict(zip(reference.columns, np.stack(distances, axis=1).tolist(), strict=True))
