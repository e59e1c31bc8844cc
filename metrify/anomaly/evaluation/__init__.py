"""How good anomaly detectors are: alarms against events, scores against days, and false alarms against their target."""

from metrify.anomaly.evaluation.alarms import Alarms, merge_alarms
from metrify.anomaly.evaluation.calibration import CalibrationRatio, calibration_ratio
from metrify.anomaly.evaluation.event_metrics import EventMetrics, judge_alarms
from metrify.anomaly.evaluation.false_alarms import FalseAlarms, count_false_alarms
from metrify.anomaly.evaluation.precision_recall import average_precision
from metrify.anomaly.evaluation.true_events import TrueEvents, join_events
from metrify.anomaly.evaluation.volume_under_surface import volume_under_surface

__all__ = [
    "Alarms",
    "CalibrationRatio",
    "EventMetrics",
    "FalseAlarms",
    "TrueEvents",
    "average_precision",
    "calibration_ratio",
    "count_false_alarms",
    "join_events",
    "judge_alarms",
    "merge_alarms",
    "volume_under_surface",
]
