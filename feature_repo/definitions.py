"""Everything that Feast applies, by name. METRIFY_FEATURE_STORE names the folder of the files."""

import os

from feature_repo.entities import feeder, meter, weather_station
from feature_repo.services import (
    anomaly_detector_service,
    grid_optimizer_service,
    load_forecaster_service,
    load_forecaster_weather_service,
)
from feature_repo.sources import (
    grid_status_file,
    load_window_push,
    meter_static_file,
    meter_station_file,
    station_weather_file,
    weather_forecast_file,
    weather_observed_file,
)
from feature_repo.views import (
    calendar,
    grid_status_view,
    meter_load_view,
    meter_static_view,
    meter_station_view,
    station_weather_view,
    weather_forecast_view,
    weather_observed_view,
)

__all__ = ["calendar", "feeder", "meter", "weather_station"]

_FOLDER = os.environ["METRIFY_FEATURE_STORE"]

meter_load = meter_load_view(load_window_push(_FOLDER))
grid_status = grid_status_view(grid_status_file(_FOLDER))
weather_observed = weather_observed_view(weather_observed_file(_FOLDER))
weather_forecast = weather_forecast_view(weather_forecast_file(_FOLDER))
meter_station = meter_station_view(meter_station_file(_FOLDER))
meter_static = meter_static_view(meter_static_file(_FOLDER))
station_weather = station_weather_view(station_weather_file(_FOLDER))

load_forecaster = load_forecaster_service(meter_load, meter_station, meter_static, calendar)
load_forecaster_weather = load_forecaster_weather_service(station_weather)
anomaly_detector = anomaly_detector_service(meter_load)
grid_optimizer = grid_optimizer_service(grid_status, weather_forecast)
