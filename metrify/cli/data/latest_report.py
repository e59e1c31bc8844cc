"""What `metrify data features latest` prints."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import typer

from metrify.features.specification import FEATURES
from metrify.units import MINUTES_PER_HOUR, intervals_per_day

if TYPE_CHECKING:
    from metrify.steps.latest_features import LatestFeatures

_BARS = "▁▂▃▄▅▆▇█"
_MISSING = "·"
_SHOWN_VALUES = 24
# Codes of static columns, which are none of the specification's list, have no unit.
_UNITS = {feature.label: "" if feature.unit == "1" else f" {feature.unit}" for feature in FEATURES}


def latest_values(found: "LatestFeatures", now: pd.Timestamp) -> list[dict[str, Any]]:
    """One object a meter, ready for JSON: whole arrays, null where a value is missing."""
    return [
        {
            "meter_id": meter,
            "window_end": _utc(end),
            "age_hours": _age_hours(end, now),
            "data_version": int(version),
            "load_window": _plain(window),
            "features": {label: _plain(values[row]) for label, values in found.values.items()},
        }
        for row, (meter, end, version, window) in enumerate(_rows(found))
    ]


def print_latest(found: "LatestFeatures", now: pd.Timestamp) -> None:
    """Prints a block a meter: its window's end and age, the last values as bars, and the features."""
    for row, (meter, end, version, window) in enumerate(_rows(found)):
        if row:
            typer.echo()
        missing = int(np.isnan(window).sum())
        notes = (f", {missing} missing" if missing else "") + (f"; import {version}" if version else "")
        typer.echo(meter)
        typer.echo(f"  window ends {_utc(end)}, {_age_hours(end, now):,.1f} h ago; {len(window)} intervals{notes}")
        last = "no reading" if np.isnan(window[-1]) else f"{window[-1]:.3f} kWh"
        typer.echo(f"  {_last_day(window, found.resolution_minutes)}  last reading {last}")
        width = max(map(len, found.values), default=0)
        for label, values in found.values.items():
            unit = _UNITS.get(label, "")
            typer.echo(f"  {label:{width}}  {_short(values[row], unit)}")


def _rows(found: "LatestFeatures") -> Iterator[tuple[str, np.datetime64, int, np.ndarray]]:
    windows = found.newest
    return zip(found.meters, windows.ends, windows.data_versions, windows.windows, strict=True)


def _last_day(window: np.ndarray, resolution_minutes: int | None) -> str:
    """The last day, a bar an hour; the last intervals where nothing says how long they are."""
    if resolution_minutes is None:
        return f"last intervals {sparkline(window[-_SHOWN_VALUES:])}"
    per_hour = max(MINUTES_PER_HOUR // resolution_minutes, 1)
    day = window[-intervals_per_day(resolution_minutes) :]
    hours = pd.Series(day).groupby(np.arange(len(day)) // per_hour).mean()
    return f"last day {sparkline(hours.to_numpy())}"


def sparkline(values: np.ndarray) -> str:
    """Values as a line of bars between the smallest and the largest; a dot where one is missing.

    Example:
        >>> sparkline(np.array([0, np.nan, 7, 3]))
        '▁·█▄'
    """
    known = values[~np.isnan(values)]
    low, span = (known.min(), np.ptp(known)) if len(known) else (0, 0)
    heights = (values - low) / (span or 1) * (len(_BARS) - 1)
    return "".join(_MISSING if np.isnan(height) else _BARS[round(float(height))] for height in heights)


def _short(value: np.ndarray, unit: str) -> str:
    if value.ndim == 0:
        return "missing" if np.isnan(value) else f"{value:.3f}{unit}"
    if value.ndim == 1:
        return f"{sparkline(value[-_SHOWN_VALUES:])}  {len(value)} values{unit and ' of' + unit}"
    return f"{' x '.join(map(str, value.shape))} values{unit and ' of' + unit}; see them with --json"


def _utc(end: np.datetime64) -> str:
    return f"{end}Z"


def _age_hours(end: np.datetime64, now: pd.Timestamp) -> float:
    return round((now - pd.Timestamp(end, tz="UTC")) / pd.Timedelta(hours=1), 3)


def _plain(value: np.ndarray) -> Any:
    """A number or lists of JSON, with None for NaN."""
    values = np.asarray(value)
    plain = values.astype(object)
    plain[np.isnan(values)] = None
    return plain.tolist()
