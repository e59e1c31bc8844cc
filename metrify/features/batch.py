"""What features are computed from: windows of readings that end at forecast origins, and what was known around them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from metrify.errors import ConfigError
from metrify.features.clock_days import by_clock
from metrify.readings.known import KnownGridStatus, KnownWeather


@dataclass(frozen=True)
class FeatureContext:
    """What all rows of a batch share.

    Attributes:
        sequence_length: Intervals of history that the model reads.
        forecast_horizon: Intervals that it forecasts.
        resolution_minutes: Length of an interval.
        timezone: IANA name of the local time of calendar features.
        country: ISO 3166 code whose public holidays count.
    """

    sequence_length: int
    forecast_horizon: int
    resolution_minutes: int
    timezone: str
    country: str


@dataclass(frozen=True)
class FeatureBatch:
    """Windows and origins of N rows.

    Attributes:
        windows: `[N, sequence_length]` float32, kWh per interval, oldest first; the last interval ends at the origin.
        origins: `[N]` datetime64[s], UTC.
        context: What the rows share.
        weather: Of each row's station, as it was known at the origin; None where features of it are not wanted.
        grid_status: Of each row's feeder, likewise.
        meter_ids: `[N]` pseudonyms, empty where a row is of no meter; None where features of them are not wanted.
        static: What the meters' table says of each row's meter, `[N]` str by column; empty where it says nothing.
    """

    windows: np.ndarray
    origins: np.ndarray
    context: FeatureContext
    weather: KnownWeather | None = None
    grid_status: KnownGridStatus | None = None
    meter_ids: np.ndarray | None = None
    static: Mapping[str, np.ndarray] = field(default_factory=dict)

    def take(self, rows: np.ndarray | slice) -> "FeatureBatch":
        """Some of the rows."""
        weather = self.weather.take(rows) if self.weather else None
        status = self.grid_status.take(rows) if self.grid_status else None
        meters = None if self.meter_ids is None else self.meter_ids[rows]
        static = {column: values[rows] for column, values in self.static.items()}
        return FeatureBatch(self.windows[rows], self.origins[rows], self.context, weather, status, meters, static)

    @cached_property
    def clock_windows(self) -> np.ndarray:
        """The windows by the local clock, `[N, sequence_length]`, see `by_clock`; several features begin with them."""
        return by_clock(self.windows, self)

    def __post_init__(self) -> None:
        expected = (len(self.origins), self.context.sequence_length)
        if self.windows.shape != expected:
            raise ConfigError(
                f"Windows have shape {list(self.windows.shape)} where {list(expected)} is needed.",
                "Store a window that is at least as long as the sequence, and cut it to the sequence.",
            )
        if self.meter_ids is not None:
            _require_shape("meters", self.meter_ids, (len(self.origins),))
        for column, values in self.static.items():
            _require_shape(f"values of {column}", values, (len(self.origins),))
        ahead = (len(self.origins), self.context.forecast_horizon)
        if self.weather is not None:
            quantities = (len(self.weather.columns),)
            _require_shape("observations of the weather", self.weather.observed, (*expected, *quantities))
            _require_shape("forecasts of the weather", self.weather.forecast, (*ahead, *quantities))
            _require_shape("times of issue", self.weather.issued_at, ahead)
        if self.grid_status is not None:
            _require_shape("loadings of feeders", self.grid_status.loading_percent, expected)
            _require_shape("voltages of feeders", self.grid_status.voltage_pu, expected)


def _require_shape(what: str, values: np.ndarray, expected: tuple[int, ...]) -> None:
    if values.shape != expected:
        raise ConfigError(
            f"The {what} have shape {list(values.shape)} where {list(expected)} is needed.",
            "Ask for what was known with the lengths of the batch's context.",
        )
