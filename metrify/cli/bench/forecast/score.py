"""The metrics of one forecast of a protocol's test rows."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from metrify.cli.bench.forecast.protocol_rows import ProtocolRows
from metrify.forecasting.evaluation import coverage, nrmse, pinball, wape
from metrify.forecasting.evaluation.by_group import median_mase, portfolio_wape
from metrify.forecasting.evaluation.loss_sums import sum_by_meter
from metrify.forecasting.evaluation.losses import absolute_errors
from metrify.forecasting.evaluation.peaks import peak_errors
from metrify.forecasting.evaluation.scaled_errors import mase
from metrify.forecasting.evaluation.streamed import OF_MEDIANS

METRICS = ("wape", "nrmse", "mase", "pinball", "cov90", "peak_error", "portfolio_wape")
UNCALIBRATED = ("pinball_uncalibrated", "cov90_uncalibrated")


@dataclass(frozen=True, eq=False)
class Score:
    """How good one forecast is.

    Attributes:
        metrics: By name, those of `METRICS` and `UNCALIBRATED`, and perhaps `OF_MEDIANS` and those of sums.
        absolute_errors: `[N, H]` kWh of the median; NaN where nothing was measured.
    """

    metrics: dict[str, float]
    absolute_errors: np.ndarray


def score(
    rows: ProtocolRows,
    uncalibrated: np.ndarray,
    calibrated: np.ndarray,
    levels: Sequence[float],
    expected: np.ndarray | None = None,
) -> Score:
    """Scores a forecast, and beside it the intervals that it had before they were calibrated.

    Args:
        rows: Test rows.
        uncalibrated: `[N, H, Q]` kWh.
        calibrated: `[N, H, Q]` kWh.
        levels: The Q levels, from 0.05 to 0.95.
        expected: `[N, H]` kWh, means, of which the portfolio is the sum; None where it is that of the medians.
    """
    protocol, actual = rows.protocol, rows.targets(np.arange(len(rows)))
    point = calibrated[..., list(levels).index(0.5)]
    unit = protocol.scales(rows.meters, rows.columns)
    if protocol.scale_time is None:
        scaled = float(np.nanmean(mase(point, actual, unit)))
    else:
        meters = len(protocol.matrix.meter_ids)
        scaled = median_mase(sum_by_meter(rows.meters, meters, point, calibrated, levels, actual, unit))
    metrics = {
        "wape": wape(point, actual),
        "nrmse": nrmse(point, actual),
        "mase": scaled,
        "pinball": pinball(calibrated, actual, levels),
        "cov90": coverage(calibrated, actual),
        "peak_error": peak_errors(point, actual, protocol.day_length).size,
        "portfolio_wape": portfolio_wape(point if expected is None else expected, actual, rows.columns),
        "pinball_uncalibrated": pinball(uncalibrated, actual, levels),
        "cov90_uncalibrated": coverage(uncalibrated, actual),
    }
    if expected is not None:
        metrics[OF_MEDIANS] = portfolio_wape(point, actual, rows.columns)
    return Score(metrics, absolute_errors(point, actual))
