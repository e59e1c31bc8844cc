"""How well a meter is forecast of which there are only a few days."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from metrify.features.batch import FeatureBatch
from metrify.features.cold_start import ColdStartProfile
from metrify.features.complete_windows import complete_windows
from metrify.forecasting.baselines import lagged_days
from metrify.forecasting.evaluation.metrics import coverage, wape
from metrify.units import intervals_per_day

COLD_START = "cold_start"  # in the names of the metrics
HISTORY_DAYS = (1, 3, 7, 14)


def score_cold_starts(
    forecast: Callable[[FeatureBatch], np.ndarray],
    batch: FeatureBatch,
    actual: np.ndarray,
    levels: Sequence[float],
    profile: ColdStartProfile,
) -> dict[str, float]:
    """Cuts whole windows to their last days, completes them as a server does, and scores the forecasts.

    All figures are of the same rows: those that can be completed however much of them is cut. Lengths of history that
    the profile does not allow, or that are no shorter than the window, are left out.

    Args:
        forecast: From windows and origins to `[N, H, Q]` kWh.
        batch: Whole windows of `N` rows.
        actual: `[N, H]` kWh.
        levels: The Q quantile levels.
        profile: Fitted to other meters.

    Returns:
        `cold_start_rows`; `wape_cold_start_1d` and `coverage_cold_start_1d` of one day of history, and so on, and those
        of the whole windows (`_whole`); `wape_cold_start_yesterday` of the day before the origin, repeated. None but
        the first where no row can be completed.

    Raises:
        ForecastError: The load of the rows sums to zero.
    """
    day_length = intervals_per_day(batch.context.resolution_minutes)
    days = [n for n in HISTORY_DAYS if profile.min_days <= n and n * day_length < batch.context.sequence_length]
    cut = {f"{n}d": complete_windows(_cut(batch, n * day_length), profile) for n in days}
    rows = np.flatnonzero(np.all([part.is_usable for part in cut.values()], axis=0)) if cut else np.empty(0, int)
    scores = {f"{COLD_START}_rows": float(len(rows))}
    if not len(rows):
        return scores
    actual, median = actual[rows], list(levels).index(0.5)
    windows = {**{name: part.windows for name, part in cut.items()}, "whole": batch.windows}
    # No model has learnt of a new meter, but of its classes, which are known of it.
    scored = replace(batch.take(rows), meter_ids=np.full(len(rows), ""))
    for name, values in windows.items():
        quantiles = forecast(replace(scored, windows=values[rows]))
        scores[f"wape_{COLD_START}_{name}"] = wape(quantiles[..., median], actual)
        scores[f"coverage_{COLD_START}_{name}"] = coverage(quantiles, actual)
    yesterday = lagged_days(scored.windows, actual.shape[1], day_length, (1,))[:, 0]
    return scores | {f"wape_{COLD_START}_yesterday": wape(yesterday, actual)}


def _cut(batch: FeatureBatch, intervals: int) -> FeatureBatch:
    windows = np.array(batch.windows, np.float32)
    windows[:, :-intervals] = np.nan
    return replace(batch, windows=windows)
