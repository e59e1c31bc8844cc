"""What is compared: detectors, rules that need no training, chance, and PyOD, each fitted to a fold."""

import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import numpy as np

from metrify.anomaly.baselines import BASELINES, score_by_rule
from metrify.anomaly.detector_model import DetectorModel
from metrify.anomaly.meter_days import MeterDays
from metrify.cli.bench.anomaly.pyod_detectors import PYOD, fit_pyod
from metrify.config.anomaly_detection import AnomalyDetectionConfig, DetectorType
from metrify.errors import UsageError

RANDOM = "random"
CONTROLS = (RANDOM, *BASELINES, *PYOD)
DETECTORS: tuple[DetectorType, ...] = tuple(
    dict.fromkeys(name for kind in get_args(DetectorType) for name in (get_args(kind) or (kind,)))
)

Score = Callable[[MeterDays], np.ndarray]
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Fitted:
    """A rival that is fitted to a fold.

    Attributes:
        score: From days to their scores `[M, D]`.
        model: The graph of a detector; None of the others.
        seconds: Wall time of the fit.
    """

    score: Score
    model: DetectorModel | None
    seconds: float


def choose_rivals(names: tuple[str, ...], champion: str) -> tuple[str, ...]:
    """The names of rivals that were asked for, all of them without any; the configured detector is always first.

    Raises:
        UsageError: One of them is not known.
    """
    known = (*DETECTORS, *CONTROLS)
    for name in names:
        if name not in known:
            raise UsageError(f"There is no detector {name}.", f"Choose among {', '.join(known)}.")
    return tuple(dict.fromkeys((champion, *(names or known))))


def fit_rival(name: str, fitted: MeterDays, config: AnomalyDetectionConfig, seed: int, tell: Tell) -> Fitted:
    """Fits a rival to days as they were measured.

    Args:
        name: One of `DETECTORS` or `CONTROLS`.
        fitted: Days of training meters.
        config: Of detectors.
        seed: Of chance.
        tell: Where progress goes.
    """
    started = time.monotonic()
    if name in BASELINES:
        return Fitted(lambda days: score_by_rule(days, BASELINES[name]), None, 0.0)
    if name == RANDOM:
        rng = np.random.default_rng(seed)
        return Fitted(lambda days: rng.random(days.shape), None, 0.0)
    if name in PYOD:
        return Fitted(fit_pyod(name, fitted), None, time.monotonic() - started)
    from metrify.anomaly.training.fit_detector import fit_detector

    with tempfile.TemporaryDirectory(prefix="metrify-bench-") as folder:
        path = Path(folder) / "detector.onnx"
        values: Mapping[str, object] = config.model_dump() | {"model_type": name}
        fit_detector(fitted, AnomalyDetectionConfig.model_validate(values), path, tell)
        model = DetectorModel(path)
    return Fitted(lambda days: model.score_days(days).score, model, time.monotonic() - started)
