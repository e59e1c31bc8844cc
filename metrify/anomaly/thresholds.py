"""From which score on a day is anomalous: fitted to training days alone, so that false alarms are as rare as wanted."""

from typing import Literal

import numpy as np

from metrify.anomaly.evaluation.alarms import merge_alarms
from metrify.anomaly.evaluation.false_alarms import DAYS_PER_MONTH
from metrify.errors import AnomalyError

_CANDIDATES = 400
_TAIL_SHARE = 0.1  # of the alarms' peaks, which the generalised Pareto distribution is fitted to
_LEAST_PEAKS = 100


def fit_threshold(
    scores: np.ndarray,
    false_alarms_per_meter_month: float,
    max_gap_days: int,
    method: Literal["quantile", "tail"] = "quantile",
) -> float:
    """The lowest score at which days without faults raise no more alarms than wanted.

    An alarm is a run of anomalous days, as an operator sees it. `quantile` counts the alarms of the days themselves.
    `tail` is for targets so low that few alarms are left to count: the peaks of the alarms beyond a lower threshold
    follow a generalised Pareto distribution (Pickands 1975, doi 10.1214/aos/1176343003), which is read farther out.

    Args:
        scores: `[M, D]` of training meters that no detector was fitted to, NaN where a day was not scored.
        false_alarms_per_meter_month: How many are wanted.
        max_gap_days: Anomalous days of one alarm are at most so many days apart.
        method: How to find it.

    Raises:
        AnomalyError: There are too few days to tell.
    """
    measured = scores[np.isfinite(scores)]
    months = len(measured) / DAYS_PER_MONTH
    wanted = false_alarms_per_meter_month * months
    if method == "tail":
        return _by_tail(scores, measured, wanted, max_gap_days)
    if wanted < 1:
        raise AnomalyError(
            f"{len(measured)} days of training are too few for {false_alarms_per_meter_month:g} false alarms a month.",
            "Bring more meters or days, allow more false alarms, or take the threshold_method tail.",
        )
    return _lowest(scores, measured, wanted, max_gap_days)


def _lowest(scores: np.ndarray, measured: np.ndarray, wanted: float, max_gap_days: int) -> float:
    """Going down from the highest score, the last candidate with no more alarms than wanted."""
    shares = 1 - np.geomspace(1 / len(measured), 0.5, _CANDIDATES)
    threshold, scored = float(measured.max()), np.isfinite(scores)
    for candidate in np.quantile(measured, shares):
        if len(merge_alarms(scores > candidate, scored, max_gap_days).meters) > wanted:
            break
        threshold = float(candidate)
    return threshold


def _by_tail(scores: np.ndarray, measured: np.ndarray, wanted: float, max_gap_days: int) -> float:
    from scipy.stats import genpareto  # takes a third of a second, and servers fit nothing

    if not len(measured):
        raise AnomalyError("No day of training has a score.", "Bring more meters or days.")
    base = _lowest(scores, measured, max(wanted / _TAIL_SHARE, _LEAST_PEAKS), max_gap_days)
    alarms = merge_alarms(scores > base, np.isfinite(scores), max_gap_days)
    peaks = np.array(
        [
            np.nanmax(scores[meter, begin:end])
            for meter, begin, end in zip(alarms.meters, alarms.begins, alarms.ends, strict=True)
        ]
    )
    if len(peaks) < _LEAST_PEAKS / 2:
        raise AnomalyError(
            f"{len(peaks)} alarms are too few to fit a tail to.", "Bring more meters or days, or use the quantile."
        )
    shape, _, scale = genpareto.fit(peaks - base, floc=0)
    return base + float(genpareto.isf(min(wanted / len(peaks), 1.0), shape, 0, scale))
