"""Where features come from: files, and pushes of new readings.

Functions of the store's folder, not constants: a process may work with several stores, and a module is imported once.
"""

import os

from feast import Field, FileSource, PushSource, RequestSource
from feast.data_format import ParquetFormat
from feast.types import Int64, String

calendar_request = RequestSource(
    name="calendar_request",
    schema=[
        Field(name="origin", dtype=Int64, description="Begin of the interval, seconds since 1970 UTC."),
        Field(name="timezone", dtype=String, description="IANA name of the local time."),
        Field(name="country", dtype=String, description="ISO 3166 code whose public holidays count."),
    ],
    description="The interval and the place whose calendar is wanted.",
)


def load_window_push(folder: str) -> PushSource:
    """Windows of meters: one for each local midnight in the file, the newest by push."""
    return PushSource(
        name="load_window_push",
        batch_source=_file(folder, "load_window", "load_windows", "One window for each meter and local midnight."),
        description="The newest window of a meter, pushed with each reading.",
    )


def grid_status_file(folder: str) -> FileSource:
    """State of feeders."""
    description = "Measured state of each feeder; the event is the end of the interval."
    return _file(folder, "grid_status", "grid_status", description)


def weather_observed_file(folder: str) -> FileSource:
    """Measured weather."""
    description = "Measured weather of each station; the event is the end of the interval."
    return _file(folder, "weather_observed", "weather_observed", description)


def weather_forecast_file(folder: str) -> FileSource:
    """Forecast weather."""
    description = "One row a station and issue, with all intervals of the forecast; the event is the issue."
    return _file(folder, "weather_forecast", "weather_forecast", description)


def meter_station_file(folder: str) -> FileSource:
    """Whose weather station is whose."""
    description = "The weather station of each meter; the event is the end of the online windows."
    return _file(folder, "meter_station", "meter_station", description)


def meter_static_file(folder: str) -> FileSource:
    """What is known of meters beside their readings."""
    description = "What is known of each meter, in one row; the event is the end of the online windows."
    return _file(folder, "meter_static", "meter_static", description)


def station_weather_file(folder: str) -> FileSource:
    """Recent weather of stations, for servers."""
    description = "Recent and coming weather of each station in one row; the event is the end of the online windows."
    return _file(folder, "station_weather", "station_weather", description)


def _file(folder: str, name: str, stem: str, description: str) -> FileSource:
    return FileSource(
        name=f"{name}_file",
        path=os.path.join(folder, f"{stem}.parquet"),  # noqa: PTH118 - a folder may be an object store's address
        file_format=ParquetFormat(),
        timestamp_field="event_timestamp",
        description=description,
    )
