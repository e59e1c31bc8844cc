"""A one-class support vector machine whose kernel is approximated by random features, so that it scales.

Schoelkopf and others 2001, doi 10.1162/089976601750264965; Rahimi and Recht 2007, Random Features for Large-Scale
Kernel Machines, NeurIPS 20.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from onnx import helper, numpy_helper
from sklearn.linear_model import SGDOneClassSVM

from metrify.anomaly.training.detector_graph import EVIDENCE_FEATURES, stack_evidence, write_graph
from metrify.config.anomaly_detection import AnomalyDetectionConfig

_OUTLIER_SHARE = 0.02  # nu
_LARGEST = 5.0  # standard deviations of a column, so that one of them does not decide
_EPOCHS = 20


@dataclass(frozen=True)
class FittedOneClassSvm:
    """From the evidence of a day to `score [N]`: how far outside of the usual days' half space it lies.

    Attributes:
        shapes: Of a row of each feature of the evidence.
        centre: `[F]` of the columns.
        spread: `[F]` of the columns.
        directions: `[F, D]` of the random features.
        phases: `[D]` of the random features.
        weights: `[D]`.
        offset: Of the half space.
    """

    shapes: Mapping[str, tuple[int, ...]]
    centre: np.ndarray
    spread: np.ndarray
    directions: np.ndarray
    phases: np.ndarray
    weights: np.ndarray
    offset: float

    @property
    def curve(self) -> tuple[dict[str, float], ...]:
        """None: scikit-learn tells no losses."""
        return ()

    def export_onnx(self, path: Path) -> None:
        """Writes its graph: products and cosines."""
        nodes = [
            helper.make_node("Concat", list(self.shapes), ["evidence"], axis=1),
            helper.make_node("Sub", ["evidence", "centre"], ["centred"]),
            helper.make_node("Div", ["centred", "spread"], ["scaled"]),
            helper.make_node("Clip", ["scaled", "smallest", "largest"], ["clipped"]),
            helper.make_node("MatMul", ["clipped", "directions"], ["projected"]),
            helper.make_node("Add", ["projected", "phases"], ["angles"]),
            helper.make_node("Cos", ["angles"], ["waves"]),
            helper.make_node("MatMul", ["waves", "weights"], ["similarity"]),
            helper.make_node("Sub", ["offset", "similarity"], ["score"]),
        ]
        constants = {
            "centre": self.centre,
            "spread": self.spread,
            "directions": self.directions,
            "phases": self.phases,
            "weights": self.weights,
            "offset": np.array(self.offset),
            "smallest": np.array(-_LARGEST),
            "largest": np.array(_LARGEST),
        }
        initializers = [numpy_helper.from_array(values.astype(np.float32), name) for name, values in constants.items()]
        write_graph(nodes, initializers, self.shapes, path)


def fit_one_class_svm(features: Mapping[str, np.ndarray], config: AnomalyDetectionConfig) -> FittedOneClassSvm:
    """Fits the half space that holds nearly all days, deterministic by seed.

    The width of the kernel is the number of columns, as for columns of unit variance is usual.

    Args:
        features: Those of `EVIDENCE_FEATURES`.
        config: Number of random features and seed.
    """
    rng, evidence = np.random.default_rng(config.seed), stack_evidence(features).astype(np.float64)
    centre, spread = np.median(evidence, axis=0), np.maximum(evidence.std(axis=0), 1e-6)
    scaled = np.clip((evidence - centre) / spread, -_LARGEST, _LARGEST)
    count = config.random_features
    directions = rng.normal(scale=np.sqrt(2 / scaled.shape[1]), size=(scaled.shape[1], count))
    phases = rng.uniform(0, 2 * np.pi, count)
    amplitude = np.sqrt(2 / count)
    waves = amplitude * np.cos(scaled @ directions + phases)
    machine = SGDOneClassSVM(nu=_OUTLIER_SHARE, max_iter=_EPOCHS, tol=None, random_state=config.seed).fit(waves)
    shapes = {name: features[name].shape[1:] for name in EVIDENCE_FEATURES}
    weights = amplitude * machine.coef_.ravel()
    return FittedOneClassSvm(shapes, centre, spread, directions, phases, weights, float(machine.offset_[0]))
