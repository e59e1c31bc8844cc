"""The feature views: what is stored of each entity, and for how long it counts."""

from datetime import timedelta

import pandas as pd
from feast import FeatureView, Field, FileSource, PushSource
from feast.on_demand_feature_view import on_demand_feature_view
from feast.types import Array, Float32, Int64, String

from feature_repo.entities import feeder, meter, weather_station
from feature_repo.sources import calendar_request

_WEATHER = {
    "temperature_c": "Air temperature, degrees Celsius",
    "relative_humidity_pct": "Relative humidity, percent",
    "wind_speed_m_per_s": "Wind speed, metres a second",
    "global_radiation_w_per_m2": "Sunlight on the level, watts a square metre",
}


def meter_load_view(source: PushSource) -> FeatureView:
    """The recent load of meters."""
    return FeatureView(
        name="meter_load",
        entities=[meter],
        ttl=timedelta(days=2),
        schema=[
            Field(
                name="load_window", dtype=Array(Float32), description="kWh per interval, oldest first; NaN if missing."
            ),
            Field(name="window_end", dtype=Int64, description="End of the window, seconds since 1970 UTC."),
            Field(
                name="data_version",
                dtype=Int64,
                description="Import whose readings the window holds; 0 if the dataset was not imported, or readings "
                "were pushed that no import has brought yet.",
            ),
        ],
        source=source,
        tags={"unit": "kWh", "version": "1"},
        owner="forecasting",
        description="The recent load window of a meter, from which lags and rolling features are derived.",
    )


def grid_status_view(source: FileSource) -> FeatureView:
    """The state of feeders."""
    return FeatureView(
        name="grid_status",
        entities=[feeder],
        ttl=timedelta(hours=1),
        schema=[
            Field(name="loading_percent", dtype=Float32, description="Of rated power; NaN where not measured."),
            Field(name="voltage_pu", dtype=Float32, description="Voltage, per unit; NaN where not measured."),
        ],
        source=source,
        tags={"version": "1"},
        owner="grid-operation",
        description="How heavily a feeder is loaded, and how low its voltage is.",
    )


def weather_observed_view(source: FileSource) -> FeatureView:
    """Measured weather."""
    return FeatureView(
        name="weather_observed",
        entities=[weather_station],
        ttl=timedelta(hours=3),
        schema=[Field(name=name, dtype=Float32, description=f"{text}.") for name, text in _WEATHER.items()],
        source=source,
        tags={"version": "1"},
        owner="forecasting",
        description="The weather that was measured at a station, visible when its interval was over.",
    )


def weather_forecast_view(source: FileSource) -> FeatureView:
    """Forecast weather."""
    return FeatureView(
        name="weather_forecast",
        entities=[weather_station],
        ttl=timedelta(days=2),
        schema=[
            Field(name="issued_at", dtype=Int64, description="When it was issued, seconds since 1970 UTC."),
            Field(name="first_interval", dtype=Int64, description="Start of its first interval, seconds since 1970."),
            Field(name="step_minutes", dtype=Int64, description="Length of an interval."),
            *(
                Field(name=name, dtype=Array(Float32), description=f"{text}, by interval; NaN if missing.")
                for name, text in _WEATHER.items()
            ),
        ],
        source=source,
        tags={"version": "1"},
        owner="forecasting",
        description="The newest forecast for a station, all its intervals, visible from its issue on.",
    )


def meter_station_view(source: FileSource) -> FeatureView:
    """The weather stations of meters."""
    return FeatureView(
        name="meter_station",
        entities=[meter],
        ttl=timedelta(days=1),
        schema=[Field(name="station_id", dtype=String, description="Its weather station; null where it is not known.")],
        source=source,
        tags={"version": "1"},
        owner="forecasting",
        description="The weather station that a meter's forecasts read.",
    )


def meter_static_view(source: FileSource) -> FeatureView:
    """What is known of meters beside their readings."""
    return FeatureView(
        name="meter_static",
        entities=[meter],
        ttl=timedelta(days=1),
        schema=[
            Field(name="static_columns", dtype=Array(String), description="Names of what is known, such as tariff."),
            Field(name="static_values", dtype=Array(String), description="Its values; empty where it is not known."),
        ],
        source=source,
        tags={"version": "1"},
        owner="forecasting",
        description="What the dataset's meters table says of a meter, by which new ones are forecast like their class.",
    )


def station_weather_view(source: FileSource) -> FeatureView:
    """The record of a station's recent weather that servers read."""
    times = {
        "observed_starts": "Starts of the observed intervals",
        "observed_ends": "Ends of the observed intervals, when the observation became known",
        "forecast_starts": "Starts of the forecast intervals, once for each issue",
        "forecast_ends": "Ends of the forecast intervals",
        "issued_at": "Issues of the forecasts, when they became known",
    }
    values = {"observed": "What was observed", "forecast": "What was forecast"}
    return FeatureView(
        name="station_weather",
        entities=[weather_station],
        ttl=timedelta(days=1),
        schema=[
            Field(name="quantities", dtype=Array(String), description="Names of the quantities."),
            *(
                Field(name=name, dtype=Array(Int64), description=f"{text}; microseconds since 1970 UTC.")
                for name, text in times.items()
            ),
            *(
                Field(
                    name=name,
                    dtype=Array(Float32),
                    description=f"{text}: all quantities of an interval, then the next.",
                )
                for name, text in values.items()
            ),
        ],
        source=source,
        tags={"version": "1"},
        owner="forecasting",
        description="A station's weather around the end of the online windows, with the times when it became known.",
    )


@on_demand_feature_view(
    sources=[calendar_request],
    schema=[
        # Without descriptions: Feast compares these fields with those it infers, which have none.
        Field(name="hour_sin", dtype=Float32),
        Field(name="hour_cos", dtype=Float32),
        Field(name="weekday_sin", dtype=Float32),
        Field(name="weekday_cos", dtype=Float32),
        Field(name="rest_day", dtype=Float32),
    ],
    mode="pandas",
    tags={"unit": "1", "version": "1"},
    owner="forecasting",
    description="Local hour and weekday of the interval that begins at an origin, and whether it is a day of rest; "
    "null for a place that nobody knows.",
)
def calendar(request: pd.DataFrame) -> pd.DataFrame:
    """Asks the function that training uses. Feast keeps this source text, so it imports what it needs itself."""
    from feature_repo.calendar_rows import calendar_rows

    return calendar_rows(request)
