"""The calendar of single intervals, by the function that training and serving use."""

from contextlib import suppress

import numpy as np
import pandas as pd

from metrify.errors import ConfigError
from metrify.features.batch import FeatureBatch, FeatureContext
from metrify.features.calendar import horizon_calendar

CALENDAR_COLUMNS = ["hour_sin", "hour_cos", "weekday_sin", "weekday_cos", "rest_day"]
_ANY_RESOLUTION = 60  # of a horizon of one interval only its begin counts


def calendar_rows(request: pd.DataFrame) -> pd.DataFrame:
    """The local calendar of each row's interval, float32.

    A place that nobody knows gives NaN and no error: Feast asks for the place "hello world" to learn the types.

    Args:
        request: `origin` (seconds since 1970 UTC), `timezone` (IANA name) and `country` (ISO 3166 code).
    """
    rows = np.full((len(request), len(CALENDAR_COLUMNS)), np.nan, np.float32)
    origins = request["origin"].to_numpy().astype("datetime64[s]")
    places = list(zip(request["timezone"], request["country"], strict=True))
    for timezone, country in dict.fromkeys(places):
        here = [row for row, place in enumerate(places) if place == (timezone, country)]
        context = FeatureContext(0, 1, _ANY_RESOLUTION, timezone, country)
        batch = FeatureBatch(np.empty((len(here), 0), np.float32), origins[here], context)
        with suppress(ConfigError):  # nobody knows the place
            rows[here] = horizon_calendar(batch)[:, 0]
    return pd.DataFrame(rows, columns=CALENDAR_COLUMNS, index=request.index)
