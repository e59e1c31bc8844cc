"""Scores forecasts batch by batch: what is kept grows with meters and origins, and not with rows."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from metrify.errors import ForecastError
from metrify.forecasting.evaluation.by_group import median_mase, metrics_by_district
from metrify.forecasting.evaluation.loss_sums import LossSums, sum_by_meter, sum_rows
from metrify.forecasting.evaluation.metrics import wape
from metrify.forecasting.evaluation.peaks import PeakErrors, peak_errors
from metrify.forecasting.expected_load import ExpectedLoad

OF_MEDIANS = "portfolio_wape_of_medians"
_SUMS = ("point", "expected", "actual", "absolute", "measured")


@dataclass(frozen=True)
class ScoredRows:
    """A batch of rows, on which every forecaster is scored alike.

    Attributes:
        meters: `[N]` the meter of each row, from 0.
        origins: `[N]` the origin of each row, from 0 in order of time.
        actual: `[N, H]` kWh, NaN where not measured.
        scale: `[N]` kWh, see `seasonal_scale`.
    """

    meters: np.ndarray
    origins: np.ndarray
    actual: np.ndarray
    scale: np.ndarray


class StreamedScores:
    """Adds up the losses of one forecaster.

    Args:
        meters: How many meters there are.
        origins: How many origins there are.
        horizon: Intervals in a forecast.
        levels: The Q quantile levels, of which 0.5 is the point forecast.
        day_length: Intervals in a day.
        expected_load: Makes means of the quantiles, of which the portfolio is the sum; None where it is that of the
            medians.
    """

    def __init__(
        self,
        meters: int,
        origins: int,
        horizon: int,
        levels: Sequence[float],
        day_length: int,
        expected_load: ExpectedLoad | None = None,
    ) -> None:
        self._meters, self._levels, self._day_length, self._expected = meters, levels, day_length, expected_load
        self._by_origin = {name: np.zeros((origins, horizon)) for name in _SUMS}
        self._sums: LossSums | None = None
        self._peaks: list[PeakErrors] = []

    @property
    def sums(self) -> LossSums:
        """The losses by meter and interval, `[M, H]` each.

        Raises:
            ForecastError: No row was added.
        """
        if self._sums is None:
            raise ForecastError("No row was scored.", "Bring test rows.")
        return self._sums

    def add(self, rows: ScoredRows, quantiles: np.ndarray) -> None:
        """Scores a batch.

        Args:
            rows: What was measured.
            quantiles: `[N, H, Q]` kWh, lowest first.

        Raises:
            ForecastError: The shapes don't fit, or a measured interval has no forecast.
        """
        actual, point = rows.actual, quantiles[..., self._levels.index(0.5)]
        part = sum_by_meter(rows.meters, self._meters, point, quantiles, self._levels, actual, rows.scale)
        self._sums = part if self._sums is None else _add(self._sums, part)
        measured = ~np.isnan(actual)
        by_name = {"point": np.where(measured, point, 0), "actual": actual, "measured": measured}
        if self._expected is not None:
            by_name["expected"] = np.where(measured, self._expected.of(quantiles), 0)
        for name, values in {**by_name, "absolute": np.abs(point - actual)}.items():
            self._by_origin[name] += sum_rows(values, rows.origins, len(self._by_origin[name]))
        if _has_peaks(actual, self._day_length):
            self._peaks.append(peak_errors(point, actual, self._day_length))

    def metrics(self) -> dict[str, float]:
        """The metrics over all rows.

        Returns:
            `wape`, `nrmse`, `pinball`, `coverage`, `interval_width_kwh`, `portfolio_wape`, and where that is of means
            `portfolio_wape_of_medians`; `mase`, the median over meters, where a meter has a scale; `peak_error` and
            `peak_timing_intervals` where the horizon is made of whole days and one of them has a peak.

        Raises:
            ForecastError: No row was added, or the load is zero.
        """
        if not self.sums.by_loss["load"].any():
            raise ForecastError("The load of the test rows sums to zero.", "Leave meters without consumption out.")
        overall = metrics_by_district(self.sums, np.full(self._meters, "all", dtype=object))
        values = dict(zip(overall["metric"], overall["value"].tolist(), strict=True))
        del values["mase"]  # over all intervals alike; below it is the median over meters
        values["portfolio_wape"] = self._portfolio_wape("point")
        if self._expected is not None:
            values[OF_MEDIANS] = values["portfolio_wape"]
            values["portfolio_wape"] = self._portfolio_wape("expected")
        if self.sums.by_loss["scalable"].any():
            values["mase"] = median_mase(self.sums)
        if self._peaks:
            days = [peaks.days for peaks in self._peaks]
            values["peak_error"] = float(np.average([peaks.size for peaks in self._peaks], weights=days))
            timings = [peaks.timing_intervals for peaks in self._peaks]
            values["peak_timing_intervals"] = float(np.average(timings, weights=days))
        return values

    def _portfolio_wape(self, summed: str) -> float:
        somebody = self._by_origin["measured"] > 0
        return wape(self._by_origin[summed][somebody], self._by_origin["actual"][somebody])

    def loss_by_origin(self) -> np.ndarray:
        """Mean absolute error of the point forecast at each origin, oldest first, `[O]` kWh; NaN without a reading."""
        measured = self._by_origin["measured"].sum(axis=1)
        undefined = np.full(len(measured), np.nan)
        return np.divide(self._by_origin["absolute"].sum(axis=1), measured, out=undefined, where=measured > 0)


def _add(one: LossSums, other: LossSums) -> LossSums:
    by_loss = {name: values + other.by_loss[name] for name, values in one.by_loss.items()}
    return LossSums(one.rows + other.rows, by_loss)


def _has_peaks(actual: np.ndarray, day_length: int) -> bool:
    if actual.shape[1] % day_length:
        return False
    days = actual.reshape(-1, day_length)
    return bool(((days > 0).any(axis=1) & ~np.isnan(days).any(axis=1)).any())
