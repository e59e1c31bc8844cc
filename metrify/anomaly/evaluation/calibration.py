"""Whether a detector that was set to some rate of false alarms keeps to it on meters that it has not seen."""

from dataclasses import dataclass

import numpy as np

from metrify.anomaly.evaluation.false_alarms import FalseAlarms
from metrify.errors import AnomalyError


@dataclass(frozen=True)
class CalibrationRatio:
    """Measured over target.

    Attributes:
        ratio: 1 where the target is met, 2 where there are twice as many false alarms.
        low: Lower limit of its interval.
        high: Upper limit of its interval.
    """

    ratio: float
    low: float
    high: float


def calibration_ratio(
    false_alarms: FalseAlarms, target_per_meter_month: float, seed: int, confidence: float = 0.9, draws: int = 2000
) -> CalibrationRatio:
    """The rate of false alarms over its target, with a bootstrap interval.

    Meters are drawn with replacement, since the false alarms of one meter come together; limits are percentiles of the
    drawn ratios (Efron 1979, doi 10.1214/aos/1176344552). Where there is no false alarm, all draws are zero and say
    nothing of the upper limit; it is then that of a Poisson rate, -ln((1 - confidence) / 2) over the time (Garwood
    1936, doi 10.1093/biomet/28.3-4.437).

    Args:
        false_alarms: Of meters that neither the detector nor its threshold has seen.
        target_per_meter_month: What the threshold was set for.
        seed: Of the draws.
        confidence: Of the interval, between 0 and 1.
        draws: How often meters are drawn.

    Raises:
        AnomalyError: The target is not positive, the confidence is not between 0 and 1, there is no draw, or fewer than
            two meters have a scored day outside of events.

    Example:
        >>> measured = FalseAlarms(np.array([0, 2, 0, 1]), np.array([8.0, 8, 8, 8]))
        >>> calibration_ratio(measured, target_per_meter_month=0.0625, seed=0)
        CalibrationRatio(ratio=1.5, low=0.0, high=3.0)
    """
    if not target_per_meter_month > 0 or not 0 < confidence < 1 or draws < 1:
        raise AnomalyError(
            f"No ratio to {target_per_meter_month} false alarms in a meter-month can be told with a confidence of "
            f"{confidence} from {draws} draws.",
            "Give a positive target, a confidence between 0 and 1 and at least one draw.",
        )
    counts, months = (part[false_alarms.meter_months > 0] for part in (false_alarms.counts, false_alarms.meter_months))
    if len(months) < 2:
        raise AnomalyError(
            f"{len(months)} meters have a scored day outside of true events.",
            "Score at least two meters, better some hundred.",
        )
    tail = (1 - confidence) / 2
    if not counts.any():
        return CalibrationRatio(0.0, 0.0, float(-np.log(tail) / months.sum() / target_per_meter_month))
    drawn = np.random.default_rng(seed).integers(len(months), size=(draws, len(months)))
    ratios = counts[drawn].sum(axis=1) / months[drawn].sum(axis=1) / target_per_meter_month
    low, high = np.quantile(ratios, [tail, 1 - tail])
    return CalibrationRatio(false_alarms.per_meter_month / target_per_meter_month, float(low), float(high))
