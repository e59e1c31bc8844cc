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
    return _file(folder, "grid_status", "grid_status", "Measured or computed state of each feeder.")


def weather_observed_file(folder: str) -> FileSource:
    """Measured weather."""
    return _file(folder, "weather_observed", "weather_observed", "Measured weather of each station.")


def weather_forecast_file(folder: str) -> FileSource:
    """Forecast weather."""
    return _file(folder, "weather_forecast", "weather_forecast", "Forecasts for each station; the event is its hour.")


def _file(folder: str, name: str, stem: str, description: str) -> FileSource:
    return FileSource(
        name=f"{name}_file",
        path=os.path.join(folder, f"{stem}.parquet"),  # noqa: PTH118 - a folder may be an object store's address
        file_format=ParquetFormat(),
        timestamp_field="event_timestamp",
        description=description,
    )
