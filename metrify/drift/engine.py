"""The seam to alibi-detect, the only place that imports it."""

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from types import ModuleType

import numpy as np
import pandas as pd

_HIDDEN = ("tensorflow", "tensorflow_probability")


class KolmogorovSmirnovEngine:
    """Two-sample Kolmogorov-Smirnov tests, feature by feature, by alibi-detect's `KSDrift`.

    Args:
        reference: Rows of the reference population.
    """

    def __init__(self, reference: pd.DataFrame) -> None:
        self._detector = _alibi_detect().KSDrift(reference.to_numpy(np.float32), p_val=0.05, correction="bonferroni")

    def distances_and_p_values(self, sample: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        """Distance and p-value of each feature, before any correction, `[F]` each."""
        data = self._detector.predict(sample.to_numpy(np.float32), return_p_val=True, return_distance=True)["data"]
        return np.asarray(data["distance"], dtype=np.float64), np.asarray(data["p_val"], dtype=np.float64)


@cache
def _alibi_detect() -> ModuleType:
    with _without_tensorflow():
        return importlib.import_module("alibi_detect.cd")


@contextmanager
def _without_tensorflow() -> Iterator[None]:
    """Hides TensorFlow while alibi-detect is imported.

    It imports TensorFlow wherever it is installed, which costs 530 MB and needs tf-keras. The detectors used here need
    neither.
    """
    kept = {name: sys.modules.get(name) for name in _HIDDEN}
    sys.modules.update(dict.fromkeys(_HIDDEN))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name, module in kept.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module
