"""What a notebook may give beside readings: weather and grid status, in the contracts' precision."""

import numpy as np
import pandas as pd

from metrify.errors import ConfigError, UsageError
from metrify.features.surroundings import Surroundings
from metrify.notebook.feature_config import FeatureConfig
from metrify.readings.grid_status import GRID_QUANTITIES, check_grid_status
from metrify.readings.static_values import static_values
from metrify.readings.weather import check_weather

_STAMPS = ("timestamp", "issued_at")


def checked_surroundings(config: FeatureConfig, given: Surroundings) -> Surroundings:
    """What was given in the contracts' precision, if it is what the configuration needs.

    Raises:
        UsageError: Weather or grid status is needed and not given, or given without effect.
        ReadingsError: One of them breaks its contract.
        ConfigError: Forecasts are wanted, and the weather has none.
    """
    _require_just("weather", config.include_weather, given.weather)
    _require_just("grid_status", config.include_grid_status, given.grid_status)
    weather, grid_status = given.weather, given.grid_status
    if weather is not None:
        weather = check_weather(_in_microseconds(weather))
        if config.include_weather_forecast and weather["issued_at"].isna().all():
            raise ConfigError(
                "The weather has no forecasts: `issued_at` is empty in every row.",
                "Bring forecasts with their time of issue, or set `include_weather_forecast=False`.",
            )
    if grid_status is not None:
        grid_status = _in_microseconds(grid_status)
        there = [name for name in GRID_QUANTITIES if name in grid_status]
        grid_status = check_grid_status(grid_status.astype(dict.fromkeys(there, "float32")))
    return Surroundings(weather, grid_status, given.meters)


def static_of_meters(config: FeatureConfig, given: Surroundings, meter_ids: np.ndarray) -> dict[str, np.ndarray]:
    """What is known of meters beside their readings, `[M]` str by column.

    Raises:
        UsageError: Something is wanted, and no meters were given.
        DatasetError: They lack a column.
    """
    if not config.static_columns:
        return {}
    if given.meters is None:
        raise UsageError(
            f"static_columns names {', '.join(config.static_columns)}, and no meters were given.",
            "Give `meters=`, for instance `read_dataset(folder).meters`.",
        )
    return static_values("meters=", given.meters, config.static_columns, meter_ids)


def _require_just(name: str, is_wanted: bool, given: pd.DataFrame | None) -> None:
    if is_wanted and given is None:
        raise UsageError(
            f"include_{name} is set, and no {name} was given.",
            f"Give `{name}=`, for instance `read_dataset(folder).{name}`.",
        )
    if given is not None and not is_wanted:
        raise UsageError(
            f"{name} was given, and no feature reads it.", f"Set `FeatureConfig(include_{name}=True)`, or leave it out."
        )


def _in_microseconds(frame: pd.DataFrame) -> pd.DataFrame:
    stamps = [name for name in _STAMPS if isinstance(frame.get(name, pd.Series()).dtype, pd.DatetimeTZDtype)]
    return frame.assign(**{name: frame[name].dt.tz_convert("UTC").dt.as_unit("us") for name in stamps})
