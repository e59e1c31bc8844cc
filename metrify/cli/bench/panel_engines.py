"""One panel of features, by us and as one would write it in pandas and in polars: vectorised, in one frame."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from metrify.features.batch import FeatureContext
from metrify.features.load_statistics import LOAD_STATISTICS, MIN_SHARE, Lag, LoadStatistic, Rolling
from metrify.features.panel import PanelFunction, compute_panel
from metrify.features.specification import FEATURES
from metrify.readings.matrix import ReadingsMatrix

CONTEXT = FeatureContext(672, 24, 60, "Europe/Berlin", "DE")

_PANEL_FEATURES = tuple(feature for feature in FEATURES if isinstance(feature.function, PanelFunction))
_LAGS = tuple(statistic for statistic in LOAD_STATISTICS if isinstance(statistic.source, Lag))
_ROLLING = tuple(statistic for statistic in LOAD_STATISTICS if isinstance(statistic.source, Rolling))
_METER, _KWH, _BEFORE = "meter", "kwh", "before"

Engine = Callable[[ReadingsMatrix], dict[str, np.ndarray]]


def compute_in_metrify(matrix: ReadingsMatrix) -> dict[str, np.ndarray]:
    """Features by name, `[M, T]` float32, at the start of each interval."""
    return compute_panel(_PANEL_FEATURES, matrix, CONTEXT, 0, matrix.kwh.shape[1] - 1)


def compute_in_pandas(matrix: ReadingsMatrix) -> dict[str, np.ndarray]:
    """Features by name, `[M, T]`, from one long frame grouped by meter; rolling statistics in float64.

    `transform` takes less than half the time of `groupby.rolling`, which builds an index of meter and row each time.
    """
    meters, intervals = matrix.kwh.shape
    frame = pd.DataFrame({_METER: np.repeat(np.arange(meters), intervals), _KWH: matrix.kwh.ravel()})
    by_meter = frame.groupby(_METER, sort=False)[_KWH]
    columns: dict[str, np.ndarray] = {lag.name: by_meter.shift(lag.source.hours).to_numpy() for lag in _LAGS}
    frame[_BEFORE] = by_meter.shift(1)
    before = frame.groupby(_METER, sort=False)[_BEFORE]
    for rolling in _ROLLING:
        columns[rolling.name] = before.transform(_roll, rolling).to_numpy()
    columns |= {name: np.tile(values, meters) for name, values in _calendar(matrix).items()}
    return {name: values.reshape(meters, intervals) for name, values in columns.items()}


def compute_in_wide_pandas(matrix: ReadingsMatrix) -> dict[str, np.ndarray]:
    """Features by name, `[T, M]`, from a frame with a column for each meter, which spares the grouping."""
    frame = pd.DataFrame(matrix.kwh.T)
    columns: dict[str, np.ndarray] = {lag.name: frame.shift(lag.source.hours).to_numpy() for lag in _LAGS}
    before = frame.shift(1)
    for rolling in _ROLLING:
        columns[rolling.name] = _roll(before, rolling).to_numpy()
    meters = len(matrix.kwh)
    return columns | {name: np.repeat(values[:, None], meters, axis=1) for name, values in _calendar(matrix).items()}


def compute_in_polars(matrix: ReadingsMatrix) -> dict[str, np.ndarray]:
    """Features by name, `[M * T]`, from one long lazy frame with windows over the meters.

    Raises:
        ModuleNotFoundError: Polars is not installed.
    """
    import polars as pl

    meters, intervals = matrix.kwh.shape
    kwh = pl.Series(_KWH, matrix.kwh.ravel(), nan_to_null=True)
    frame = pl.DataFrame({_METER: np.repeat(np.arange(meters, dtype=np.int32), intervals), _KWH: kwh})
    expressions = [pl.col(_KWH).shift(lag.source.hours).over(_METER).alias(lag.name) for lag in _LAGS]
    for rolling in _ROLLING:
        roll = getattr(pl.col(_KWH).shift(1), f"rolling_{_kind(rolling)}")
        options = {"ddof": 0} if _kind(rolling) == "std" else {}
        rolled = roll(window_size=rolling.source.hours, min_samples=_least(rolling), **options)
        expressions.append(rolled.over(_METER).alias(rolling.name))
    calendar = [pl.Series(name, np.tile(values, meters)) for name, values in _calendar(matrix).items()]
    table = frame.lazy().select(expressions).collect().with_columns(calendar)
    return {name: table[name].to_numpy() for name in table.columns}


ENGINES: dict[str, Engine] = {
    "metrify": compute_in_metrify,
    "pandas": compute_in_pandas,
    "wide pandas": compute_in_wide_pandas,
    "polars": compute_in_polars,
}


def _kind(rolling: LoadStatistic) -> str:
    """Mean, std, min or max, which is also what pandas and polars call it."""
    return rolling.name.split("_")[1]


def _least(rolling: LoadStatistic) -> int:
    return int(rolling.source.hours * MIN_SHARE)


def _roll(values: pd.Series | pd.DataFrame, rolling: LoadStatistic) -> pd.Series | pd.DataFrame:
    windows = values.rolling(rolling.source.hours, min_periods=_least(rolling))
    if _kind(rolling) == "std":
        return windows.std(ddof=0)
    rolled: pd.Series | pd.DataFrame = getattr(windows, _kind(rolling))()
    return rolled


def _calendar(matrix: ReadingsMatrix) -> dict[str, np.ndarray]:
    """The calendar once for each time, `[T]` float32, by pandas and holidays alone."""
    import holidays

    local = matrix.timestamps.tz_convert(CONTEXT.timezone)
    public = pd.DatetimeIndex(sorted(holidays.country_holidays(CONTEXT.country, years=local.year.unique())))
    hour = (local.hour + local.minute / 60).to_numpy()
    columns = {
        "origin_hour": hour,
        "origin_hour_sine": np.sin(2 * np.pi * hour / 24),
        "origin_hour_cosine": np.cos(2 * np.pi * hour / 24),
        "origin_day_of_week": local.dayofweek.to_numpy(),
        "origin_rest_day": (local.dayofweek >= 5) | local.tz_localize(None).normalize().isin(public),
    }
    return {name: np.asarray(values, dtype=np.float32) for name, values in columns.items()}
