"""What a forecast lacks of the weather: it is made all the same, and says so."""

from collections.abc import Container, Sequence

import numpy as np

from metrify.readings.known import KnownWeather

STALE_HOURS = 48  # the age up to which the feature store counts a forecast of the weather
_HOUR = np.timedelta64(1, "h")


def weather_faults(
    known: KnownWeather, origins: np.ndarray, stations: Sequence[str | None], at_hand: Container[str]
) -> list[str]:
    """What is wrong with the weather of each row; an empty text where nothing is.

    Args:
        known: What was known at the origins; nothing where a row's station is not known or not at hand.
        origins: `[N]` datetime64, UTC.
        stations: `[N]` whose weather it is; None where it is not known.
        at_hand: The stations of which there is weather.

    Returns:
        `[N]` texts, for instance `no weather forecast of 3 of 24 intervals`.
    """
    unobserved, unforeseen = (np.isnan(values).any(axis=2).sum(axis=1) for values in (known.observed, known.forecast))
    age = (origins.astype("datetime64[us]") - _oldest(known.issued_at)) / _HOUR  # NaN where no forecast was known
    window, horizon = known.observed.shape[1], known.forecast.shape[1]
    faults = [""] * len(origins)
    for row in np.flatnonzero((unobserved > 0) | (unforeseen > 0) | (age > STALE_HOURS)).tolist():
        station, told = stations[row], []
        if station is None:
            faults[row] = "the meter's weather station is not known"
            continue
        if station not in at_hand:
            faults[row] = f"no weather of the station {station} is at hand"
            continue
        if unobserved[row]:
            told.append(f"no observed weather of {unobserved[row]} of {window} intervals")
        if unforeseen[row]:
            told.append(f"no weather forecast of {unforeseen[row]} of {horizon} intervals")
        if age[row] > STALE_HOURS:
            told.append(f"a weather forecast of {age[row]:.0f} hours ago")
        faults[row] = ", ".join(told)
    return faults


def _oldest(issued_at: np.ndarray) -> np.ndarray:
    """The issue of the oldest forecast of each row, `[N]`; NaT where there is none."""
    return np.fmin.reduce(issued_at, axis=1)
