"""The weather of a training set: what was known at each row's origin, on disk like its windows."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from metrify.errors import DatasetError
from metrify.features.batch import FeatureContext
from metrify.features.model_features import model_columns
from metrify.features.surroundings import Surroundings
from metrify.readings.dataset import DatasetInfo, read_optional
from metrify.readings.known import KnownWeather
from metrify.readings.splits import SIDES
from metrify.readings.weather import WEATHER_FILE, weather_quantities

_OBSERVED_FILE, _FORECAST_FILE, _ISSUED_FILE = "observed_weather.npy", "forecast_weather.npy", "forecast_issued.npy"
_ROWS_AT_ONCE = 10_000  # 54 MB of two quantities in windows of 672 intervals
_LEAVE_OUT = "set `feature_engineering.include_weather` to false"


@dataclass(frozen=True)
class WeatherSource:
    """The weather of a dataset.

    Attributes:
        dataset_name: For messages.
        surroundings: The weather, and whose station is whose.
        columns: The quantities that a model can read of it.
    """

    dataset_name: str
    surroundings: Surroundings
    columns: tuple[str, ...]


def open_weather(dataset: Path, info: DatasetInfo, meters: pd.DataFrame) -> WeatherSource:
    """The weather of a dataset folder.

    Args:
        dataset: Dataset folder.
        info: Its description.
        meters: `meter_id`, and `station_id` where there are several stations.

    Raises:
        DatasetError: It has no weather, no forecasts, or nothing that a model reads.
    """
    weather = read_optional(dataset / WEATHER_FILE)
    if weather is None:
        raise DatasetError(
            f"The dataset {info.name!r} has no weather, and `feature_engineering.include_weather` is true.",
            f"Add it with `metrify data import --weather`, or {_LEAVE_OUT}.",
        )
    is_forecast = weather["issued_at"].notna()
    if not is_forecast.any():
        raise DatasetError(
            f"The weather of {info.name!r} has no forecasts, and what was observed can't stand in for them.",
            f"Bring forecasts with their time of issue in the column issued_at, or {_LEAVE_OUT}.",
        )
    known = {name for name in weather_quantities(weather) if weather[name].groupby(is_forecast).count().all()}
    columns = tuple(name for name in model_columns() if name in known and not is_forecast.all())
    if not columns:
        raise DatasetError(
            f"The weather of {info.name!r} has neither {' nor '.join(model_columns())} both observed and forecast.",
            f"Bring one of them, observed and forecast, or {_LEAVE_OUT}.",
        )
    return WeatherSource(info.name, Surroundings(weather, None, meters), columns)


def create_weather_arrays(folder: Path, rows: int, context: FeatureContext, columns: tuple[str, ...]) -> KnownWeather:
    """Makes the files of the weather in a training set folder, which are written a few rows at a time."""
    before, ahead = (rows, context.sequence_length), (rows, context.forecast_horizon)
    folder.mkdir(parents=True, exist_ok=True)
    observed, forecast, issued_at = (
        np.lib.format.open_memmap(folder / name, mode="w+", dtype=dtype, shape=shape)
        for name, dtype, shape in (
            (_OBSERVED_FILE, np.float32, (*before, len(columns))),
            (_FORECAST_FILE, np.float32, (*ahead, len(columns))),
            (_ISSUED_FILE, np.dtype("datetime64[us]"), ahead),
        )
    )
    return KnownWeather(columns, observed, forecast, issued_at)


def put_rows(arrays: KnownWeather, rows: slice, known: KnownWeather) -> None:
    """Writes what was known at some rows' origins."""
    arrays.observed[rows], arrays.forecast[rows] = known.observed, known.forecast
    arrays.issued_at[rows] = known.issued_at


def read_weather_arrays(folder: Path, columns: tuple[str, ...]) -> KnownWeather | None:
    """The weather of a training set folder, which stays on disk until it is indexed; None where there is none."""
    if not columns:
        return None
    names = (_OBSERVED_FILE, _FORECAST_FILE, _ISSUED_FILE)
    return KnownWeather(columns, *(np.load(folder / name, mmap_mode="r") for name in names))


def write_weather(
    source: WeatherSource,
    folder: Path,
    meter_ids: np.ndarray,
    origins: np.ndarray,
    sides: np.ndarray,
    context: FeatureContext,
) -> KnownWeather:
    """Writes what was known at the origins of rows into a training set folder, a part at a time.

    Args:
        source: The weather.
        folder: Training set folder.
        meter_ids: `[N]`.
        origins: `[N]` datetime64, UTC.
        sides: `[N]`.
        context: Lengths and resolution.

    Returns:
        The weather, on disk; NaN where nothing was known.

    Raises:
        DatasetError: It is not known which station is whose, or of a quantity nothing was known on a side.
        ReadingsError: The weather's intervals don't fit the readings'.
    """
    arrays = create_weather_arrays(folder, len(origins), context, source.columns)
    is_known = np.zeros((len(origins), 2, len(source.columns)), bool)
    for first in range(0, len(origins), _ROWS_AT_ONCE):
        part = slice(first, first + _ROWS_AT_ONCE)
        known = source.surroundings.weather_at(meter_ids[part], origins[part], context, source.columns)
        assert known is not None  # `open_weather` refuses a dataset without
        put_rows(arrays, part, known)
        is_known[part] = np.stack([np.isfinite(values).any(axis=1) for values in (known.observed, known.forecast)], 1)
    for side in SIDES:
        _require_known(source, side, is_known[sides == side].any(axis=0))
    return arrays


def _require_known(source: WeatherSource, side: str, is_known: np.ndarray) -> None:
    """Checks `[2, C]` whether anything was observed, and forecast, of each quantity at the origins of a side."""
    for kind, quantities in zip(("observation", "forecast"), is_known, strict=True):
        for column, known in zip(source.columns, quantities, strict=True):
            if not known:
                raise DatasetError(
                    f"No {kind} of {column} was known at any origin of the {side} rows of {source.dataset_name!r}.",
                    f"Bring weather of the whole time of the readings, or {_LEAVE_OUT}.",
                )
