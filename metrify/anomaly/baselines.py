"""What users would pick instead of a detector: rules that need no training."""

import warnings
from collections.abc import Callable, Mapping

import numpy as np

from metrify.anomaly.meter_days import MeterDays
from metrify.features.judged_day import SMALLEST_KWH, days_by_clock

_MAD_TO_DEVIATION = 1.4826  # of normal values, Rousseeuw and Croux 1993, doi 10.1080/01621459.1993.10476408

Rule = Callable[[np.ndarray], np.ndarray]


def z_score(days_kwh: np.ndarray) -> np.ndarray:
    """How far the mean load of the last day lies from that of the days before it, in their standard deviations, `[N]`.

    Args:
        days_kwh: `[N, D, T]` kWh by the local clock, NaN where missing. A last day without a reading scores 0.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of days without a reading
        loads = np.nanmean(days_kwh, axis=2)
        before = loads[:, :-1]
        spread = np.maximum(np.nanstd(before, axis=1), SMALLEST_KWH)
        return np.nan_to_num(np.abs(loads[:, -1] - np.nanmean(before, axis=1)) / spread)


def same_hour_z_score(days_kwh: np.ndarray) -> np.ndarray:
    """The largest distance of a reading from the median of its clock time, in robust standard deviations, `[N]`.

    Args:
        days_kwh: `[N, D, T]` kWh by the local clock, NaN where missing. A last day without a reading scores 0.
    """
    before = days_kwh[:, :-1]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of clock times and days without a reading
        median = np.nanmedian(before, axis=1)
        spread = _MAD_TO_DEVIATION * np.nanmedian(np.abs(before - median[:, None]), axis=1)
        distance = np.abs(days_kwh[:, -1] - median) / np.maximum(spread, SMALLEST_KWH)
    return np.nan_to_num(distance).max(axis=1)


BASELINES: Mapping[str, Rule] = {"z_score": z_score, "same_hour_z_score": same_hour_z_score}


def score_by_rule(days: MeterDays, rule: Rule) -> np.ndarray:
    """Scores `[M, D]` of all days of all meters, in bounded memory; NaN where too little is known before a day."""
    parts = [rule(days_by_clock(days.batch(meters, numbers))) for meters, numbers in days.by_meter()]
    return np.where(days.is_known(), np.concatenate(parts).reshape(days.shape), np.nan)
