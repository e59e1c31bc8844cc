"""Detectors of PyOD on the profile of a day, as one would use them without features of one's own.

Zhao, Nasrullah and Li 2019, PyOD: A Python Toolbox for Scalable Outlier Detection, JMLR 20(96).
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from metrify.anomaly.meter_days import MeterDays
from metrify.errors import ConfigError
from metrify.features.judged_day import SMALLEST_KWH, days_by_clock

PYOD = ("pyod_iforest", "pyod_ecod", "pyod_knn")
_SEED = 0
_MOST_DAYS = {"pyod_iforest": 200_000, "pyod_ecod": 50_000, "pyod_knn": 20_000}  # what they can be asked beside later
_DAYS_AT_ONCE = 20_000


def fit_pyod(name: str, fitted: MeterDays) -> Callable[[MeterDays], np.ndarray]:
    """Fits a detector with the library's own settings; returns what scores days.

    ECOD and KNN get a seeded draw of days, since the time of their answers grows with them.

    Args:
        name: One of `PYOD`.
        fitted: Days of training meters.

    Raises:
        ConfigError: PyOD is not installed.
    """
    detector = _make(name)
    profiles = np.concatenate([day_profiles(fitted, *part) for part in fitted.by_meter()])
    drawn = np.random.default_rng(_SEED).permutation(len(profiles))[: _MOST_DAYS[name]]
    detector.fit(profiles[drawn])

    def score(days: MeterDays) -> np.ndarray:
        rows = np.concatenate([day_profiles(days, *part) for part in days.by_meter()])
        parts = [
            detector.decision_function(rows[first : first + _DAYS_AT_ONCE])
            for first in range(0, len(rows), _DAYS_AT_ONCE)
        ]
        return np.concatenate(parts).reshape(days.shape)

    return score


def day_profiles(days: MeterDays, meters: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """The readings of days over the mean load of the days before, and the share that is missing, `[n, T + 1]` float32.

    A missing reading is the mean of its clock time before, or 0 where there is none.
    """
    windows = days_by_clock(days.batch(meters, numbers))
    before, day = windows[:, :-1], windows[:, -1]
    measured = np.isfinite(before)
    usual = np.where(measured, before, 0).sum(axis=1) / np.maximum(measured.sum(axis=1), 1)
    level = np.maximum(usual.mean(axis=1, keepdims=True), SMALLEST_KWH)
    missing = np.isnan(day)
    return np.hstack([np.where(missing, usual, day) / level, missing.mean(axis=1, keepdims=True)]).astype(np.float32)


def _make(name: str) -> Any:
    try:
        from pyod.models.ecod import ECOD
        from pyod.models.iforest import IForest
        from pyod.models.knn import KNN
    except ImportError as error:
        raise ConfigError("PyOD, which detectors are compared with, is not installed.", "Run `make setup`.") from error
    if name == "pyod_iforest":
        return IForest(random_state=_SEED)
    return ECOD() if name == "pyod_ecod" else KNN()
