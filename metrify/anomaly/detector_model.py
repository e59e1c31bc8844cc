"""Runs an exported detector."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from metrify.anomaly.meter_days import MeterDays
from metrify.bundles.onnx_graph import OnnxGraph


@dataclass(frozen=True)
class DayScores:
    """What a detector says of meter-days.

    Attributes:
        score: `[...]` float32, higher where a day is more anomalous.
        kind_share: `[..., K]` float32, how likely each kind is, in the order of `Kind`.
        is_anomaly: `[...]` bool, whether the score lies above the threshold; None of a graph that has none yet.
    """

    score: np.ndarray
    kind_share: np.ndarray
    is_anomaly: np.ndarray | None


class DetectorModel(OnnxGraph):
    """A loaded graph from features of a meter-day to `score` and perhaps `kind_share`, see `OnnxGraph`."""

    def predict(self, features: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The outputs by name, `[N, ...]`, of features `[N, ...]`; in memory are some hundred rows at a time."""
        return self.run_in_batches(features)

    def score_days(self, days: MeterDays) -> DayScores:
        """Scores of all days of all meters, `[M, D]` and `[M, D, K]`, in bounded memory beside them."""
        parts = [self.predict(days.features(self.input_names, *part)) for part in days.by_meter()]
        whole = {name: np.concatenate([part[name] for part in parts]) for name in self.output_names}
        shaped = {name: values.reshape(*days.shape, *values.shape[1:]) for name, values in whole.items()}
        return DayScores(shaped["score"], shaped["kind_share"], shaped.get("is_anomaly"))
