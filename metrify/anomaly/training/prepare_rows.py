"""What detectors of the same days share: their features, and the trees that tell kinds of faults by these alone."""

import time
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from metrify.anomaly.detector_model import DetectorModel
from metrify.anomaly.meter_days import MeterDays
from metrify.anomaly.training.autoencoders import AUTOENCODER_FEATURES
from metrify.anomaly.training.detector_graph import EVIDENCE_FEATURES, stack_evidence
from metrify.anomaly.training.fault_classes import FaultClasses, fit_fault_classes
from metrify.anomaly.training.fault_rows import NORMAL, DayRows, FaultRows
from metrify.config.anomaly_detection import AnomalyDetectionConfig

DETECTOR_FEATURES = (*AUTOENCODER_FEATURES, *EVIDENCE_FEATURES)


@dataclass(frozen=True, eq=False)
class PreparedRows:
    """Days with their features, as they were measured and with faults that were put into them.

    Attributes:
        rows: The N days.
        features: Those of `DETECTOR_FEATURES` of all rows, by name `[N, ...]` float32.
        classes: `[N]` `NORMAL`, or the kind of the fault.
        config: Weight of faults, rounds and seed; its `model_type` does not matter.
        seconds: Wall time that it took to make them.
    """

    rows: FaultRows
    features: dict[str, np.ndarray]
    classes: np.ndarray
    config: AnomalyDetectionConfig
    seconds: float

    @cached_property
    def normal(self) -> dict[str, np.ndarray]:
        """Features of the days as they were measured."""
        chosen = self.classes == NORMAL
        return {name: values[chosen] for name, values in self.features.items()}

    @property
    def measured(self) -> DayRows:
        """These days themselves, for a detector that reads other features than `DETECTOR_FEATURES`."""
        return self.rows.measured

    @cached_property
    def evidence(self) -> np.ndarray:
        """`[N, F]` what trees read of all days."""
        return stack_evidence(self.features)

    @cached_property
    def kind_trees(self) -> FaultClasses:
        """Trees that tell kinds beside a detector that has none of its own: fewer, so that scoring stays fast."""
        return fit_fault_classes(self.evidence, self.classes, self.config, self.config.kind_rounds)

    def score(self, detector: DetectorModel) -> np.ndarray:
        """The scores of all days, `[N]` float32, by a graph that may read any features of them."""
        parts = (detector.predict_days(part.days, part.meters, part.numbers) for part in self.rows.parts())
        return np.concatenate([answer["score"] for answer in parts])


def prepare_rows(days: MeterDays, config: AnomalyDetectionConfig) -> PreparedRows:
    """Puts faults into the days of training meters and computes all features, deterministic by seed.

    Args:
        days: As they were measured.
        config: Numbers of days and faults, and the seed.
    """
    started = time.monotonic()
    rows = FaultRows(days, config.fault_copies, config.max_training_days, config.seed)
    computed, classes = [], []
    for part in rows.parts():
        computed.append(part.days.features(DETECTOR_FEATURES, part.meters, part.numbers))
        classes.append(part.classes)
    features = {name: np.concatenate([part[name] for part in computed]) for name in DETECTOR_FEATURES}
    return PreparedRows(rows, features, np.concatenate(classes), config, time.monotonic() - started)
