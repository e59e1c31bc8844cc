"""Sums of losses by meter and interval, from which the metrics of any group follow without a second pass."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from metrify.errors import ForecastError
from metrify.forecasting.evaluation.losses import absolute_errors, inside_interval, interval_widths, pinball_losses
from metrify.forecasting.evaluation.scaled_errors import scaled_errors


@dataclass(frozen=True)
class LossSums:
    """Losses summed over rows.

    Attributes:
        rows: `[G]` how many rows of each group have a measured interval.
        by_loss: `[G, H]` each: `measured` and `scalable` count intervals, `load`, `absolute`, `squared`, `pinball`,
            `inside`, `width` and `scaled` are sums over them.
    """

    rows: np.ndarray
    by_loss: Mapping[str, np.ndarray]

    def merge(self, codes: np.ndarray, groups: int) -> "LossSums":
        """The sums of groups of these groups.

        Args:
            codes: `[G]` the new group of each, from 0 to `groups - 1`.
            groups: How many new ones there are.
        """
        merged = {name: sum_rows(values, codes, groups) for name, values in self.by_loss.items()}
        return LossSums(np.bincount(codes, weights=self.rows, minlength=groups).astype(int), merged)


def sum_by_meter(
    meter_codes: np.ndarray,
    meters: int,
    point: np.ndarray,
    quantiles: np.ndarray,
    levels: Sequence[float],
    actual: np.ndarray,
    scale: np.ndarray,
) -> LossSums:
    """Sums the losses over the rows of each meter.

    Args:
        meter_codes: `[N]` the meter of each row, from 0 to `meters - 1`.
        meters: How many meters there are.
        point: `[N, H]` kWh.
        quantiles: `[N, H, Q]` kWh, lowest first.
        levels: The Q quantile levels.
        actual: `[N, H]` kWh, NaN where not measured.
        scale: `[N]` kWh, see `seasonal_scale`; NaN where there is none.

    Returns:
        Sums of `meters` groups.

    Raises:
        ForecastError: The shapes don't fit, or a measured interval has no forecast.
    """
    if meter_codes.shape != actual.shape[:1]:
        raise ForecastError(
            f"There are {len(meter_codes)} meter codes for {len(actual)} rows.", "Give the meter of each row."
        )

    def summed(losses: np.ndarray) -> np.ndarray:
        return sum_rows(losses, meter_codes, meters)

    measured = ~np.isnan(actual)
    absolute = absolute_errors(point, actual).astype(np.float64)
    scaled = scaled_errors(point, actual, scale)
    sums = {
        "measured": summed(measured),
        "load": summed(np.abs(actual)),
        "absolute": summed(absolute),
        "squared": summed(absolute**2),
        "pinball": summed(pinball_losses(quantiles, actual, levels)),
        "inside": summed(inside_interval(quantiles, actual)),
        "width": summed(interval_widths(quantiles, actual)),
        "scaled": summed(scaled),
        "scalable": summed(~np.isnan(scaled)),
    }
    return LossSums(np.bincount(meter_codes[measured.any(axis=1)], minlength=meters), sums)


def sum_rows(values: np.ndarray, codes: np.ndarray, groups: int) -> np.ndarray:
    """Sums of the rows of each group, where NaN adds nothing.

    Args:
        values: `[N, H]`.
        codes: `[N]` the group of each row, from 0 to `groups - 1`.
        groups: How many groups there are.

    Returns:
        `[groups, H]` float64.
    """
    sums = np.zeros((groups, values.shape[1]))
    np.add.at(sums, codes, np.nan_to_num(values, nan=0.0, posinf=np.inf, neginf=-np.inf))
    return sums
