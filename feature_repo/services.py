"""The feature services: what each model reads."""

from feast import FeatureService, FeatureView, OnDemandFeatureView


def load_forecaster_service(
    meter_load: FeatureView, meter_station: FeatureView, meter_static: FeatureView, calendar: OnDemandFeatureView
) -> FeatureService:
    """The day-ahead forecaster's, of a meter."""
    return FeatureService(
        name="load_forecaster",
        features=[meter_load, meter_station, meter_static, calendar],
        owner="forecasting",
        description="What the day-ahead forecaster reads of a meter.",
    )


def load_forecaster_weather_service(station_weather: FeatureView) -> FeatureService:
    """The day-ahead forecaster's, of a weather station."""
    return FeatureService(
        name="load_forecaster_weather",
        features=[station_weather],
        owner="forecasting",
        description="What a day-ahead forecaster that reads the weather reads of a station.",
    )


def anomaly_detector_service(meter_load: FeatureView) -> FeatureService:
    """The anomaly detector's."""
    return FeatureService(
        name="anomaly_detector",
        features=[meter_load],
        owner="metering",
        description="What the anomaly detector reads of a meter's day.",
    )


def grid_optimizer_service(grid_status: FeatureView, weather_forecast: FeatureView) -> FeatureService:
    """The grid optimizer's."""
    return FeatureService(
        name="grid_optimizer",
        features=[grid_status, weather_forecast],
        owner="grid-operation",
        description="What the grid optimizer reads of a feeder and its weather, beside the load forecasts.",
    )
