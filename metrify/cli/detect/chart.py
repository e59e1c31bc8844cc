"""The readings of an event beside what was usual before it."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from metrify.anomaly.meter_days import MeterDays
from metrify.units import MINUTES_PER_HOUR

if TYPE_CHECKING:
    import altair

_DAYS_BEFORE, _DAYS_AFTER, _MOST_DAYS = 10, 3, 45  # that are drawn around an event, and of it
_WIDTH, _HEIGHT = 960, 180


def event_chart(days: MeterDays, meter_id: str, start: pd.Timestamp, end: pd.Timestamp) -> "altair.LayerChart":
    """Readings by time, with the event as a band and the usual load as a line.

    Args:
        days: Where the readings are.
        meter_id: Whose event it is.
        start: Of the event, UTC.
        end: Of the event, UTC; of a long one only the first weeks are drawn.
    """
    import altair

    matrix, zone = days.matrix, days.context.timezone
    end = min(end, start + pd.Timedelta(days=_MOST_DAYS))
    row = int(np.flatnonzero(matrix.meter_ids == meter_id)[0])
    drawn = slice(start - pd.Timedelta(days=_DAYS_BEFORE), end + pd.Timedelta(days=_DAYS_AFTER))
    load = pd.Series(matrix.kwh[row].astype(float), matrix.timestamps).tz_convert(zone)
    shown = load[drawn].rename("kwh").rename_axis("time")
    step, context = pd.Timedelta(minutes=matrix.resolution_minutes), days.context
    before = load[start - (context.sequence_length - context.forecast_horizon) * step : start - step]
    usual = before.groupby(_clock_times(before)).mean()
    table = pd.DataFrame({"kwh": shown, "usual": usual.reindex(_clock_times(shown)).to_numpy()}, shown.index)
    table = table.tz_localize(None).reset_index()
    time = altair.X("time:T", title=None)
    band = altair.Chart(_band(start, end, zone)).mark_rect(opacity=0.25, color="#e8a33d").encode(x="from:T", x2="to:T")
    lines = [
        altair.Chart(table)
        .mark_line(color=color, strokeWidth=width)
        .encode(x=time, y=altair.Y(f"{name}:Q", title="kWh"))
        for name, color, width in (("usual", "#9aa7b3", 1), ("kwh", "#0b6e99", 1.4))
    ]
    return altair.layer(band, *lines).properties(width=_WIDTH, height=_HEIGHT)


def _band(start: pd.Timestamp, end: pd.Timestamp, zone: str) -> pd.DataFrame:
    edges = [at.tz_convert(zone).tz_localize(None) for at in (start, end)]
    return pd.DataFrame({"from": edges[:1], "to": edges[1:]})


def _clock_times(load: pd.Series) -> np.ndarray:
    """`[n]` minutes of the local day."""
    times = pd.DatetimeIndex(load.index)
    return np.asarray(times.hour * MINUTES_PER_HOUR + times.minute)
