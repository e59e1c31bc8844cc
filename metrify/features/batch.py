"""What features are computed from: windows of readings that end at forecast origins."""

from dataclasses import dataclass

import numpy as np

from metrify.errors import ConfigError


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
    """

    windows: np.ndarray
    origins: np.ndarray
    context: FeatureContext

    def __post_init__(self) -> None:
        expected = (len(self.origins), self.context.sequence_length)
        if self.windows.shape != expected:
            raise ConfigError(
                f"Windows have shape {list(self.windows.shape)} where {list(expected)} is needed.",
                "Store a window that is at least as long as the sequence, and cut it to the sequence.",
            )
