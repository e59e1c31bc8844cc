"""Trees that tell kinds of faults apart, fitted to faults that were put into measured days.

Ke and others 2017, LightGBM: A Highly Efficient Gradient Boosting Decision Tree, NeurIPS 30.
"""

import os
from dataclasses import dataclass

import lightgbm as lgb
import numpy as np

from metrify.anomaly.training.fault_rows import KINDS, class_weights
from metrify.config.anomaly_detection import AnomalyDetectionConfig

_TRAINING = "training"
_BINS = 63
_LEAVES = 31
_LEAST_DAYS_OF_A_LEAF = 100
_LEARNING_RATE = 0.1
_COLUMN_SHARE, _ROW_SHARE = 0.5, 0.7  # drawn for each tree


@dataclass(frozen=True, eq=False)
class FaultClasses:
    """Fitted trees.

    Attributes:
        booster: From evidence to a margin of each class.
        curve: The losses of the training rows by round.
    """

    booster: lgb.Booster
    curve: list[dict[str, float]]


def fit_fault_classes(
    evidence: np.ndarray, classes: np.ndarray, config: AnomalyDetectionConfig, rounds: int
) -> FaultClasses:
    """Boosts trees for each class: a normal day, and each of `KINDS`. The number of threads does not change the result.

    Args:
        evidence: `[N, F]` what the trees read.
        classes: `[N]` what they learn.
        config: Weight of faults and seed.
        rounds: Trees of each class.
    """
    parameters = {
        "objective": "multiclass",
        "num_class": len(KINDS) + 1,
        "num_leaves": _LEAVES,
        "learning_rate": _LEARNING_RATE,
        "min_data_in_leaf": _LEAST_DAYS_OF_A_LEAF,
        "feature_fraction": _COLUMN_SHARE,
        "bagging_fraction": _ROW_SHARE,
        "bagging_freq": 1,
        "max_bin": _BINS,
        "seed": config.seed,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": len(os.sched_getaffinity(0)),
        "verbosity": -1,
    }
    table = lgb.Dataset(evidence, classes, weight=class_weights(classes, config.fault_weight))
    told: dict[str, dict[str, list[float]]] = {}
    booster = lgb.train(
        parameters,
        table,
        rounds,
        valid_sets=[table],
        valid_names=[_TRAINING],
        callbacks=[lgb.record_evaluation(told)],
    )
    (losses,) = told[_TRAINING].values()
    return FaultClasses(booster, [{"loss": loss} for loss in losses])
