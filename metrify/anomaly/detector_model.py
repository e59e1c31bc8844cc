"""Runs an exported detector. Evaluation, batches and the predictor share it, so what is judged is what is served."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime

from metrify.anomaly.meter_days import MeterDays

_ROWS_AT_ONCE = 512


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


class DetectorModel:
    """A loaded graph from features of a meter-day to `score` and perhaps `kind_share`.

    Args:
        path: The graph.
    """

    def __init__(self, path: Path) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self._outputs = [tensor.name for tensor in self._session.get_outputs()]

    @property
    def input_names(self) -> tuple[str, ...]:
        """Names of the features that it reads."""
        return tuple(tensor.name for tensor in self._session.get_inputs())

    def predict(self, features: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The outputs by name, `[N, ...]`, of features `[N, ...]`; in memory are some hundred rows at a time."""
        rows = len(features[self.input_names[0]])
        parts = []
        for first in range(0, rows, _ROWS_AT_ONCE):
            part = {name: features[name][first : first + _ROWS_AT_ONCE] for name in self.input_names}
            parts.append(self._session.run(self._outputs, part))
        return {name: np.concatenate([part[place] for part in parts]) for place, name in enumerate(self._outputs)}

    def score_days(self, days: MeterDays) -> DayScores:
        """Scores of all days of all meters, `[M, D]` and `[M, D, K]`, in bounded memory beside them."""
        parts = [self.predict(days.features(self.input_names, *part)) for part in days.by_meter()]
        whole = {name: np.concatenate([part[name] for part in parts]) for name in self._outputs}
        shaped = {name: values.reshape(*days.shape, *values.shape[1:]) for name, values in whole.items()}
        return DayScores(shaped["score"], shaped["kind_share"], shaped.get("is_anomaly"))
