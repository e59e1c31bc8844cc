"""What is compared: detectors, rules that need no training, chance, and PyOD, each fitted to a fold."""

import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import numpy as np

from metrify.anomaly.baselines import BASELINES, score_by_rule
from metrify.anomaly.detector_model import DetectorModel
from metrify.anomaly.meter_days import MeterDays
from metrify.cli.bench.anomaly.pyod_detectors import PYOD, fit_pyod
from metrify.config.anomaly_detection import AnomalyDetectionConfig, DetectorType
from metrify.errors import UsageError

if TYPE_CHECKING:
    from metrify.anomaly.training.prepare_rows import PreparedRows

RANDOM = "random"
CONTROLS = (RANDOM, *BASELINES, *PYOD)
DETECTORS: tuple[DetectorType, ...] = get_args(DetectorType)

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


class FoldRivals:
    """Fits rivals to the same days; what detectors share is made once, and its time counts for each.

    Args:
        fitted: Days of training meters, as they were measured.
        config: Of detectors.
        seed: Of chance.
        tell: Where progress goes.
    """

    def __init__(self, fitted: MeterDays, config: AnomalyDetectionConfig, seed: int, tell: Tell) -> None:
        self._fitted, self._config, self._seed, self._tell = fitted, config, seed, tell

    def fit(self, name: str) -> Fitted:
        """Fits one of `DETECTORS` or `CONTROLS`."""
        if name in BASELINES:
            return Fitted(lambda days: score_by_rule(days, BASELINES[name]), None, 0.0)
        if name == RANDOM:
            rng = np.random.default_rng(self._seed)
            return Fitted(lambda days: rng.random(days.shape), None, 0.0)
        started = time.monotonic()
        if name in PYOD:
            return Fitted(fit_pyod(name, self._fitted), None, time.monotonic() - started)
        return self._fit_detector(name)

    def _fit_detector(self, name: str) -> Fitted:
        from metrify.anomaly.training.fit_detector import fit_detector

        values: Mapping[str, object] = self._config.model_dump() | {"model_type": name}
        shared = self._prepared.seconds
        if name != "ensemble":
            shared += self._kind_seconds
        started = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="metrify-bench-") as folder:
            path = Path(folder) / "detector.onnx"
            fit_detector(self._prepared, AnomalyDetectionConfig.model_validate(values), path, self._tell)
            model = DetectorModel(path)
        return Fitted(lambda days: model.score_days(days).score, model, time.monotonic() - started + shared)

    @cached_property
    def _prepared(self) -> "PreparedRows":
        from metrify.anomaly.training.prepare_rows import prepare_rows

        return prepare_rows(self._fitted, self._config)

    @cached_property
    def _kind_seconds(self) -> float:
        started = time.monotonic()
        _ = self._prepared.kind_trees
        return time.monotonic() - started
