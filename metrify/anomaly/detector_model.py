"""Runs an exported detector."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from metrify.anomaly.meter_days import ROWS_AT_ONCE, MeterDays
from metrify.bundles.onnx_graph import OnnxGraph


@dataclass(frozen=True)
class DayScores:
    """What a detector says of meter-days.

    Attributes:
        score: `[...]` float32, higher where a day is more anomalous; NaN where too little is known before it.
        kind_share: `[..., K]` float32, how likely each kind is, in the order of `Kind`; 0 there.
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

    def predict_days(self, days: MeterDays, meters: np.ndarray, numbers: np.ndarray) -> dict[str, np.ndarray]:
        """The outputs by name, `[n, ...]`, of some meter-days: `[n]` rows of the matrix and `[n]` numbers of days.

        What is computed of the days is in memory some thousand rows at a time.
        """
        parts = [
            self.predict(days.features(self.input_names, meters[part], numbers[part]))
            for part in (slice(first, first + ROWS_AT_ONCE) for first in range(0, len(meters), ROWS_AT_ONCE))
        ]
        return {name: np.concatenate([part[name] for part in parts]) for name in self.output_names}

    def score_days(self, days: MeterDays) -> DayScores:
        """Scores of all days of all meters, `[M, D]` and `[M, D, K]`, in bounded memory beside them."""
        meters, numbers = (index.ravel() for index in np.indices(days.shape))
        whole = self.predict_days(days, meters, numbers)
        shaped = {name: values.reshape(*days.shape, *values.shape[1:]) for name, values in whole.items()}
        known = days.is_known()
        is_anomaly = shaped["is_anomaly"] & known if "is_anomaly" in shaped else None
        return DayScores(
            np.where(known, shaped["score"], np.float32(np.nan)), shaped["kind_share"] * known[..., None], is_anomaly
        )
