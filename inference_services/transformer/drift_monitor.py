"""Watches the served population for drift, off the request path."""

import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from kserve.logging import logger
from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge

from metrify.bundles.load import Bundle
from metrify.drift.detector import DriftDetector
from metrify.drift.features import drift_features

_MINUTES_PER_DAY = 1440
_GATHER_SECONDS = 0.2  # one check for the answers of this time


@dataclass(frozen=True)
class DriftState:
    """The last verdict: "none", "detected" or "collecting", its p-value and the day of its sample (ISO date)."""

    verdict: str = "collecting"
    p_value: float = 1.0
    day: str = ""


class DriftMonitor:
    """Keeps the newest day's windows, one a meter, and judges them in a background thread.

    Args:
        bundle: Holds the reference and the thresholds.
        max_meters: Bound of the sample.
        registry: Where the metrics go.
    """

    def __init__(self, bundle: Bundle, max_meters: int, registry: CollectorRegistry = REGISTRY) -> None:
        self._bundle = bundle
        self._max_meters = max_meters
        self._day_length = _MINUTES_PER_DAY // bundle.manifest.resolution_minutes
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="drift")
        self._lock = threading.Lock()
        self._day = np.datetime64("NaT", "D")
        self._sample: dict[str, np.ndarray] = {}
        self._waiting = False
        self._detector: DriftDetector | None = None
        self.state = DriftState()
        self._detected = Gauge("metrify_drift_detected", "1 if drift is detected.", registry=registry)
        self._p_value = Gauge("metrify_drift_p_value", "p-value of a feature.", ["feature"], registry=registry)
        self._rows = Gauge("metrify_drift_sample_rows", "Distinct rows in the sample.", registry=registry)
        self._failures = Counter("metrify_drift_check_failures", "Checks that failed.", registry=registry)

    def start(self) -> None:
        """Loads the detector in the background, which takes seconds."""
        self._pool.submit(self._load).add_done_callback(self._note_failure)

    def add(self, meters: list[str], windows: np.ndarray, origins: np.ndarray) -> None:
        """Adds served rows; a check follows soon if they are news.

        Args:
            meters: `[N]`.
            windows: `[N, L]` kWh.
            origins: `[N]` datetime64[s] UTC.
        """
        days, news = origins.astype("datetime64[D]"), False
        with self._lock:
            if np.isnat(self._day) or days.max() > self._day:
                self._day, self._sample = days.max(), {}
            for row in np.flatnonzero(days == self._day):
                if meters[row] not in self._sample and len(self._sample) < self._max_meters:
                    self._sample[meters[row]] = windows[row].copy()
                    news = True
            submit = news and not self._waiting
            self._waiting |= submit
        if submit:
            self._pool.submit(self._check).add_done_callback(self._note_failure)

    def close(self) -> None:
        """Drops what is waiting."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _load(self) -> None:
        limits = self._bundle.thresholds()["drift"]
        self._detector = DriftDetector(
            self._bundle.drift_reference(), limits["null_distances"], limits["p_value"], limits["min_rows"]
        )

    def _check(self) -> None:
        time.sleep(_GATHER_SECONDS)
        with self._lock:
            self._waiting = False
            day, windows = str(self._day), list(self._sample.values())
        if self._detector is None:  # it could not be loaded, which is counted and logged
            return
        rows = drift_features(np.stack(windows), self._day_length)
        self._rows.set(len(rows))
        verdict = self._detector.check(rows)
        if verdict is None:
            self.state = DriftState(day=day)
            self._detected.set(0)
            return
        for feature, p_value in verdict.p_values.items():
            self._p_value.labels(feature).set(p_value)
        self._detected.set(int(verdict.drifted))
        self.state = DriftState("detected" if verdict.drifted else "none", verdict.p_value, day)

    def _note_failure(self, done: "Future[None]") -> None:
        if not done.cancelled() and done.exception() is not None:
            self._failures.inc()
            logger.error("A drift check failed", exc_info=done.exception())
