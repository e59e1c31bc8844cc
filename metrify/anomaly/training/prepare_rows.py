"""What detectors of the same days share: their features, and the trees that tell kinds of faults by these alone."""

import time
from dataclasses import dataclass
from functools import cached_property

import lightgbm as lgb
import numpy as np

from metrify.anomaly.meter_days import MeterDays
from metrify.anomaly.training.autoencoders import AUTOENCODER_FEATURES
from metrify.anomaly.training.detector_graph import EVIDENCE_FEATURES, stack_evidence
from metrify.anomaly.training.fault_classes import fit_fault_classes
from metrify.anomaly.training.fault_rows import NORMAL, FaultRows, build_fault_rows
from metrify.config.anomaly_detection import AnomalyDetectionConfig

DETECTOR_FEATURES = (*AUTOENCODER_FEATURES, *EVIDENCE_FEATURES)


@dataclass(frozen=True, eq=False)
class PreparedRows:
    """Days with their features, as they were measured and with faults that were put into them.

    Attributes:
        rows: The days.
        config: Weight of faults, rounds and seed; its `model_type` does not matter.
        seconds: Wall time that it took to make them.
    """

    rows: FaultRows
    config: AnomalyDetectionConfig
    seconds: float

    @cached_property
    def normal(self) -> dict[str, np.ndarray]:
        """Features of the days as they were measured."""
        chosen = self.rows.classes == NORMAL
        return {name: values[chosen] for name, values in self.rows.features.items()}

    @cached_property
    def evidence(self) -> np.ndarray:
        """`[N, F]` what trees read of all days."""
        return stack_evidence(self.rows.features)

    @cached_property
    def kind_trees(self) -> lgb.Booster:
        """Trees that tell kinds beside a detector that has none of its own: fewer, so that scoring stays fast."""
        return fit_fault_classes(self.evidence, self.rows, self.config, self.config.kind_rounds)


def prepare_rows(days: MeterDays, config: AnomalyDetectionConfig) -> PreparedRows:
    """Puts faults into the days of training meters and computes all features, deterministic by seed.

    Args:
        days: As they were measured.
        config: Numbers of days and faults, and the seed.
    """
    started = time.monotonic()
    rows = build_fault_rows(days, DETECTOR_FEATURES, config.fault_copies, config.max_training_days, config.seed)
    return PreparedRows(rows, config, time.monotonic() - started)
