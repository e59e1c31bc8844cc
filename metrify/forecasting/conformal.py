"""Fits the calibration of intervals, so that they cover as often as their levels say, whatever the model got wrong.

Conformalised quantile regression of Romano, Patterson and Candes 2019, arXiv 1905.03222: how far an interval must be
widened to cover each validation reading is a score, and a quantile of the scores widens all later ones. Intervals of
one row are not exchangeable, but rows are, so a row is one draw however many intervals it has: Lee, Barber and Willett
2023, arXiv 2306.06342. The guarantee then holds for any number of rows: at least the nominal share is covered, on
average over rows like those of the fit.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np

from metrify.errors import ForecastError
from metrify.forecasting.evaluation.losses import require_forecasts
from metrify.forecasting.intervals import IntervalCalibration

Method = Literal["multiplicative", "additive"]


def calibrate_intervals(
    quantiles: np.ndarray,
    actual: np.ndarray,
    levels: Sequence[float],
    *,
    method: Method = "multiplicative",
    scale: np.ndarray | None = None,
    horizon_groups: int = 1,
    non_negative: bool = True,
) -> IntervalCalibration:
    """Fits factors or offsets for each pair of levels, such as 0.1 and 0.9, on rows that the model was not fitted on.

    Args:
        quantiles: `[N, H, Q]` kWh, rising with their level.
        actual: `[N, H]` kWh, NaN where not measured.
        levels: The Q levels, rising: 0.5, and others in pairs that sum to 1.
        method: `multiplicative` scales the distance to the median; `additive` adds a multiple of the row's scale.
        scale: `[N]` kWh, positive, for instance the mean load of the window; for `additive`.
        horizon_groups: Into how many stretches of about the same length the horizon is cut; each has its own widening.
        non_negative: Whether no load is negative.

    Raises:
        ForecastError: The levels are not in pairs, the quantiles cross or are missing, there are too few rows for the
            outermost pair, the scale is missing, or the horizon can't be cut so.
    """
    _require_pairs(levels)
    require_forecasts(quantiles, actual)
    if quantiles.ndim != 3 or quantiles.shape[2] != len(levels) or (np.diff(quantiles, axis=2) < 0).any():
        raise ForecastError(
            f"Quantiles of shape {list(quantiles.shape)} do not rise along {len(levels)} levels.",
            "Give [N, H, Q] quantiles, sorted along the last axis.",
        )
    if non_negative and (actual < 0).any():
        raise ForecastError("Some loads are negative.", "Calibrate with non_negative=False where meters feed in.")
    if not 1 <= horizon_groups <= quantiles.shape[1]:
        raise ForecastError(
            f"A horizon of {quantiles.shape[1]} intervals can't be cut into {horizon_groups} stretches.",
            f"Use 1 to {quantiles.shape[1]} of them.",
        )
    middle = len(levels) // 2
    factor, offset = np.ones(quantiles.shape[1:]), np.zeros(quantiles.shape[1:])
    for group in np.array_split(np.arange(quantiles.shape[1]), horizon_groups):
        for low in range(middle):
            high = len(levels) - 1 - low
            triple = quantiles[:, group][:, :, [low, middle, high]]
            share = levels[high] - levels[low]
            if method == "multiplicative":
                factor[group[:, None], [low, high]] = conformal_quantile(_ratios(triple, actual[:, group]), share)
            else:
                widening = conformal_quantile(_excesses(triple, actual[:, group], scale), share)
                offset[group, low], offset[group, high] = -widening, widening
    return IntervalCalibration(tuple(levels), factor, offset, non_negative)


def conformal_quantile(scores: np.ndarray, share: float) -> float:
    """The score that a reading of a further row stays below or at with at least this probability.

    Each row has the weight 1 / (rows + 1), spread evenly over its scores; the further row has what remains, at
    infinity.

    Args:
        scores: `[N, H]`, NaN where not measured.
        share: Between 0 and 1.

    Raises:
        ForecastError: There are too few rows, or so many scores are infinite that the quantile is.

    Example:
        >>> conformal_quantile(np.arange(1.0, 10)[:, None], 0.8)
        8.0
    """
    measured = ~np.isnan(scores)
    counts = measured.sum(axis=1)
    rows = int((counts > 0).sum())
    needed = share * (rows + 1) * (1 - 1e-12)  # a sum of weights is exact to rounding only
    if needed > rows:
        raise ForecastError(
            f"{rows} measured rows are too few to cover {share:.1%}.",
            f"Calibrate on at least {int(np.ceil(share / (1 - share)))} rows, or on more than that by far.",
        )
    weights = (measured / np.maximum(counts, 1)[:, None])[measured]
    order = np.argsort(scores[measured], kind="stable")
    position = int(np.searchsorted(np.cumsum(weights[order]), needed))
    quantile = float(scores[measured][order][min(position, len(order) - 1)])
    if not np.isfinite(quantile):
        raise ForecastError(
            "Too many readings differ from a median with which other quantiles coincide.",
            "Calibrate with the additive method.",
        )
    return quantile


def _ratios(triple: np.ndarray, actual: np.ndarray) -> np.ndarray:
    """Distance of the actual from the median over that of the quantile on its side."""
    distance = np.abs(actual - triple[..., 1])
    spread = np.where(actual < triple[..., 1], triple[..., 1] - triple[..., 0], triple[..., 2] - triple[..., 1])
    off_a_point = np.where(distance > 0, np.inf, distance)  # no factor widens an interval that is a point
    return np.divide(distance, spread, out=off_a_point.astype(np.float64), where=spread > 0)


def _excesses(triple: np.ndarray, actual: np.ndarray, scale: np.ndarray | None) -> np.ndarray:
    """How far the actual lies outside the interval, in units of the scale; negative inside."""
    if scale is None or scale.shape != actual.shape[:1] or not (scale > 0).all():
        raise ForecastError(
            "The additive method needs a positive scale of each row.",
            "Give one, for instance the mean load of its window, or choose the multiplicative method.",
        )
    return np.maximum(triple[..., 0] - actual, actual - triple[..., 2]) / scale[:, None].astype(np.float64)


def _require_pairs(levels: Sequence[float]) -> None:
    array = np.asarray(levels)
    rising = (np.diff(array) > 0).all() and array[0] > 0
    if len(levels) % 2 == 0 or 0.5 not in levels or not rising or not np.allclose(array + array[::-1], 1):
        raise ForecastError(
            f"The levels {list(levels)} are not a median with pairs around it.", "Use, for instance, 0.1, 0.5 and 0.9."
        )
