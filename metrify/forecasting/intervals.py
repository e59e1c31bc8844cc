"""Calibrated quantiles: a rule that moves each quantile away from the median, or towards it.

    q' = median + (q - median) * factor + offset * scale

with a factor and an offset for each interval of the horizon and each level, and the scale of the row. It is plain
arithmetic on arrays, so a served graph can hold it. `metrify.forecasting.conformal` fits it.
"""

import json
from dataclasses import dataclass

import numpy as np

from metrify.errors import ForecastError


@dataclass(frozen=True, eq=False)
class IntervalCalibration:
    """The rule of one model.

    Attributes:
        levels: The Q quantile levels, rising; 0.5 is one of them.
        factor: `[H, Q]`, positive or zero; 1 at the median.
        offset: `[H, Q]`, in units of the row's scale; 0 at the median.
        non_negative: Whether no load is negative, so that no quantile may be.

    Raises:
        ForecastError: The arrays don't fit the levels, hold what is no rule, or the levels have no median.
    """

    levels: tuple[float, ...]
    factor: np.ndarray
    offset: np.ndarray
    non_negative: bool

    def __post_init__(self) -> None:
        fits = self.factor.ndim == 2 and self.factor.shape == self.offset.shape
        finite = np.isfinite(self.factor).all() and np.isfinite(self.offset).all() and (self.factor >= 0).all()
        if not (fits and finite) or self.factor.shape[1] != len(self.levels) or 0.5 not in self.levels:
            raise ForecastError(
                f"Factors of shape {list(self.factor.shape)} and offsets of shape {list(self.offset.shape)} do not "
                f"fit the levels {list(self.levels)}.",
                "Give finite numbers in a row for each interval and a column for each level, of which 0.5 is one.",
            )

    def apply(self, quantiles: np.ndarray, scale: np.ndarray | None = None) -> np.ndarray:
        """Calibrated quantiles, which rise with their level and have the median that was there before.

        Where a factor would make an outer quantile cross an inner one, the outer moves out to it. That can only widen
        an interval, so no coverage is lost. A median below zero rises to zero where the load is not negative.

        Args:
            quantiles: `[N, H, Q]` kWh.
            scale: `[N]` kWh, the one of the fit; needed only where an offset is not zero.

        Returns:
            `[N, H, Q]`, of the type of the quantiles.

        Raises:
            ForecastError: The shape is another, or the scale is missing.

        Example:
            >>> rule = IntervalCalibration((0.1, 0.5, 0.9), np.array([[2.0, 1, 2]]), np.zeros((1, 3)), True)
            >>> rule.apply(np.array([[[4.0, 5, 8]]])).tolist()
            [[[3.0, 5.0, 11.0]]]
        """
        if quantiles.ndim != 3 or quantiles.shape[1:] != self.factor.shape:
            raise ForecastError(
                f"Quantiles have shape {list(quantiles.shape)} where [N, {', '.join(map(str, self.factor.shape))}] "
                "is calibrated.",
                "Calibrate the model again with its own horizon and levels.",
            )
        middle = self.levels.index(0.5)
        median = quantiles[..., middle : middle + 1]
        calibrated = median + (quantiles - median) * self.factor.astype(quantiles.dtype)
        if self.offset.any():
            calibrated += (self.offset * _column(scale, len(quantiles))).astype(quantiles.dtype)
        upper, lower = calibrated[..., middle:], calibrated[..., middle::-1]
        np.maximum.accumulate(upper, axis=-1, out=upper)
        np.minimum.accumulate(lower, axis=-1, out=lower)
        return np.maximum(calibrated, 0) if self.non_negative else calibrated

    def to_json(self) -> str:
        """The rule as JSON; floats keep all their digits."""
        values = {
            "levels": list(self.levels),
            "factor": self.factor.tolist(),
            "offset": self.offset.tolist(),
            "non_negative": self.non_negative,
        }
        return json.dumps(values, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> "IntervalCalibration":
        """Reads what `to_json` wrote.

        Raises:
            ForecastError: The text is no such rule.
        """
        try:
            values = json.loads(text)
            factor, offset = (np.array(values[name], dtype=np.float64) for name in ("factor", "offset"))
            return cls(tuple(values["levels"]), factor, offset, bool(values["non_negative"]))
        except (KeyError, TypeError, ValueError) as error:
            raise ForecastError("The text is no calibration of intervals.", "Calibrate the model again.") from error


def _column(scale: np.ndarray | None, rows: int) -> np.ndarray:
    if scale is None or scale.shape != (rows,):
        raise ForecastError(
            "This calibration needs the scale of each row.", "Give the scale that it was fitted with, one for a row."
        )
    return scale[:, None, None]
