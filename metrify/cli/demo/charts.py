"""The charts of the demo's page."""

import altair as alt
import numpy as np
import pandas as pd

from metrify.cli.demo.record import DriftRecord, ForecastRecord, RolloutRecord

_BLUE, _ORANGE, _GREY, _INK = "#0b6e99", "#d9730d", "#a7b3bd", "#1d2733"
_SHOWN_METERS = 6
_HISTORY_HOURS = 48
_LABELS = {"lstm": "LSTM", "gru": "GRU", "seasonal_naive": "seasonal naive", "persistence": "persistence ensemble"}


def fan_chart(record: ForecastRecord, resolution_minutes: int) -> alt.TopLevelMixin:
    """Forecast fans of some meters of different size, with what was read before and after."""
    rows = _spread_by_size(record.windows_kwh)
    history = _HISTORY_HOURS * 60 // resolution_minutes
    step = pd.Timedelta(minutes=resolution_minutes)
    start = record.origin.tz_localize(None)
    horizon = record.actual_kwh.shape[1]
    parts = []
    for row in rows:
        meter = _short(record.meter_ids[row])
        past = start + step * np.arange(-history, 0)
        future = start + step * np.arange(horizon)
        parts.append(pd.DataFrame({"meter": meter, "time": past, "kWh": record.windows_kwh[row, -history:]}))
        low, lower, median, upper, high = record.quantiles_kwh[row][:, _five(record.quantiles_kwh.shape[2])].T
        fan = {"low": low, "lower": lower, "median": median, "upper": upper, "high": high}
        parts.append(pd.DataFrame({"meter": meter, "time": future, "kWh": record.actual_kwh[row], **fan}))
    frame = pd.concat(parts, ignore_index=True)
    frame["time"] = frame["time"].dt.strftime("%Y-%m-%dT%H:%M:%S")  # local time, as it is
    time = alt.X("time:T", title=None, axis=alt.Axis(format="%a %H:%M", labelAngle=0, tickCount=4))
    base = alt.Chart().encode(time)
    layers = alt.layer(
        base.mark_area(color=_BLUE, opacity=0.18).encode(alt.Y("low:Q", title="kWh per interval"), alt.Y2("high:Q")),
        base.mark_area(color=_BLUE, opacity=0.3).encode(alt.Y("lower:Q"), alt.Y2("upper:Q")),
        base.mark_line(color=_BLUE, strokeWidth=2).encode(alt.Y("median:Q"), tooltip=["time:T", "median:Q", "kWh:Q"]),
        base.mark_line(color=_INK, strokeWidth=1.2).encode(alt.Y("kWh:Q")),
        data=frame,
    ).properties(width=275, height=140)
    meters = alt.Facet("meter:N", title=None, sort=[_short(record.meter_ids[row]) for row in rows])
    return layers.facet(meters, columns=3).resolve_scale(y="independent")


def accuracy_chart(wape: dict[str, float]) -> alt.TopLevelMixin:
    """WAPE of the models beside the baselines'."""
    frame = pd.DataFrame(
        {
            "forecast": [_LABELS[name] for name in wape],
            "WAPE": list(wape.values()),
            "kind": ["baseline" if name in ("seasonal_naive", "persistence") else "model" for name in wape],
        }
    )
    base = alt.Chart(frame).encode(
        alt.Y("forecast:N", sort=[_LABELS[name] for name in sorted(wape, key=lambda name: wape[name])], title=None),
        alt.X("WAPE:Q", title="WAPE, lower is better"),
    )
    colour = alt.Color("kind:N", title=None, scale=alt.Scale(domain=["model", "baseline"], range=[_BLUE, _GREY]))
    bars = base.mark_bar(height=20).encode(colour, tooltip=["forecast", alt.Tooltip("WAPE:Q", format=".4f")])
    text = base.mark_text(align="left", dx=4).encode(text=alt.Text("WAPE:Q", format=".4f"))
    return (bars + text).properties(width=620, height=alt.Step(32))


def split_chart(record: RolloutRecord) -> alt.TopLevelMixin:
    """Each meter's fixed place in [0, 1), and its variant at every step of the rollout."""
    frame = pd.concat(
        pd.DataFrame({"step": f"{percent} %", "place": record.points, "variant": variants})
        for percent, variants in record.variants.items()
    )
    domain = ["control", record.canary]
    return (
        alt.Chart(frame)
        .mark_tick(thickness=2, size=26)
        .encode(
            alt.X("place:Q", title="the meter's place by salted hash", scale=alt.Scale(domain=[0, 1])),
            alt.Y("step:N", title="canary", sort=None),
            alt.Color("variant:N", title=None, scale=alt.Scale(domain=domain, range=[_GREY, _ORANGE])),
        )
        .properties(width=820, height=alt.Step(40))
    )


def drift_profile_chart(records: dict[str, DriftRecord]) -> alt.TopLevelMixin:
    """The mean day of the last week beside the three weeks before, by population."""
    parts = []
    for record in records.values():
        hours = 24 * np.arange(len(record.profile_kwh)) / len(record.profile_kwh)
        for name, profile in (("last week", record.profile_kwh), ("before", record.profile_before_kwh)):
            parts.append(pd.DataFrame({"hour": hours, "kWh": profile, "weeks": name, "population": record.population}))
    colour = alt.Color("weeks:N", title=None, scale=alt.Scale(domain=["last week", "before"], range=[_ORANGE, _GREY]))
    return (
        alt.Chart(pd.concat(parts, ignore_index=True))
        .mark_line(strokeWidth=2)
        .encode(
            alt.X("hour:Q", title="hours after local midnight"), alt.Y("kWh:Q", title="mean kWh per interval"), colour
        )
        .properties(width=380, height=160)
        .facet(_populations(records))
    )


def drift_p_value_chart(records: dict[str, DriftRecord], threshold: float) -> alt.TopLevelMixin:
    """p-values of the features by population, with the threshold that one feature has to fall below."""
    rows = [
        {"population": record.population, "feature": feature.replace("_", " "), "p": p_value}
        for record in records.values()
        for feature, p_value in record.p_values.items()
    ]
    per_feature = threshold / len(next(iter(records.values())).p_values)
    base = alt.Chart(pd.DataFrame(rows))
    points = base.mark_circle(size=90, color=_BLUE, opacity=1).encode(
        alt.X("p:Q", title="p-value (log scale)", scale=alt.Scale(type="log", domain=[0.001, 1])),
        alt.Y("feature:N", title=None),
        tooltip=["feature", alt.Tooltip("p:Q", format=".4f")],
    )
    rule = base.transform_calculate(limit=str(per_feature)).mark_rule(color=_ORANGE, strokeDash=[4, 3])
    layers = alt.layer(points, rule.encode(alt.X("limit:Q"))).properties(width=330, height=alt.Step(24))
    return layers.facet(_populations(records))


def _short(meter_id: str) -> str:
    return f"{meter_id[:10]}…"


def _populations(records: dict[str, DriftRecord]) -> alt.Facet:
    return alt.Facet("population:N", title=None, sort=[record.population for record in records.values()])


def _spread_by_size(windows: np.ndarray) -> np.ndarray:
    order = np.argsort(np.nanmean(windows, axis=1))
    return order[np.linspace(0, len(order) - 1, min(_SHOWN_METERS, len(order))).round().astype(int)]


def _five(count: int) -> list[int]:
    return [0, count // 4, count // 2, count - 1 - count // 4, count - 1]
