"""A picture of a day of a feeder: what is drawn and fed in, what flows through the connection, what batteries hold."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from metrify.grid.connection_limit import connection_limit_kva
from metrify.grid.feeder import Feeder, Profiles
from metrify.grid.setpoints import Setpoints
from metrify.grid.settlement import Settlement

if TYPE_CHECKING:
    import altair

_WIDTH, _HEIGHT = 900, 190
_POWERS = {"load": "#5b6b7a", "PV": "#e8a33d", "batteries": "#2a9d6f"}
_FLOWS = {"without control": "#c0504d", "with control": "#0b6e99"}
_LIMIT, _LIMIT_COLOR = "what the connection to the grid above bears", "#8c2d2a"


def draw_day(
    feeder: Feeder,
    profiles: Profiles,
    setpoints: Setpoints,
    settled: Settlement,
    uncontrolled: Settlement,
    timezone: str,
) -> "altair.VConcatChart":
    """Three charts below each other, by local time.

    Args:
        feeder: What is connected.
        profiles: Of T steps.
        setpoints: Of the same.
        settled: What they come to.
        uncontrolled: What the profiles come to if nobody controls them.
        timezone: IANA name of the local time.
    """
    import altair

    times = pd.DatetimeIndex([*profiles.times, profiles.ends[-1]], tz="UTC").tz_convert(timezone)
    local = times.tz_localize(None)
    powers = {
        "load": (profiles.load_kw + setpoints.shifted_kw).sum(axis=1),
        "PV": -(profiles.pv_kw - setpoints.curtailed_kw).sum(axis=1),
        "batteries": setpoints.battery_kw.sum(axis=1),
    }
    flows = {"without control": uncontrolled.flow.slack_kw, "with control": settled.flow.slack_kw}
    stored = pd.DataFrame({"time": local, "kWh": settled.stored_kwh.sum(axis=1)})
    of_flows = _lines(local, flows, _FLOWS, "net power into the feeder, kW")
    limit = connection_limit_kva(feeder.network)
    limits = pd.DataFrame({"kW": [limit, -limit], "what": [_LIMIT, ""]})
    rule = altair.Chart(limits).mark_rule(strokeDash=[6, 4], color=_LIMIT_COLOR).encode(y="kW:Q")
    text = rule.mark_text(align="left", dx=-_WIDTH // 2 + 6, dy=-7, color=_LIMIT_COLOR).encode(text="what:N")
    energy = (
        altair.Chart(stored)
        .mark_area(opacity=0.35, color=_POWERS["batteries"], line={"color": _POWERS["batteries"]})
        .encode(x=_time(), y=altair.Y("kWh:Q", title="in batteries, kWh", scale=_up_to(feeder)))
        .properties(width=_WIDTH, height=_HEIGHT // 2)
    )
    upper = _lines(local, powers, _POWERS, "drawn, kW; below 0 fed in")
    return altair.vconcat(upper, altair.layer(of_flows, rule, text), energy).resolve_scale(color="independent")


def _up_to(feeder: Feeder) -> "altair.Scale":
    import altair

    return altair.Scale(domain=[0, max(float(feeder.batteries.capacity_kwh.sum()), 1.0)])


def _time() -> "altair.X":
    import altair

    return altair.X("time:T", title=None, axis=altair.Axis(format="%H:%M"))


def _lines(
    times: pd.DatetimeIndex, values: dict[str, np.ndarray], colors: dict[str, str], title: str
) -> "altair.Chart":
    """Steps of T values each by `[T + 1]` edges, so that the last step is as long as the others."""
    import altair

    frame = pd.concat(
        [pd.DataFrame({"time": times, "kW": [*series, series[-1]], "what": name}) for name, series in values.items()]
    )
    scale = altair.Scale(domain=list(colors), range=list(colors.values()))
    return (
        altair.Chart(frame)
        .mark_line(interpolate="step-after", strokeWidth=1.6)
        .encode(x=_time(), y=altair.Y("kW:Q", title=title), color=altair.Color("what:N", scale=scale, title=None))
        .properties(width=_WIDTH, height=_HEIGHT)
    )
