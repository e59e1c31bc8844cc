"""Trains a forecaster of a feeder's elements and forecasts them all year."""

from kfp import dsl

from components.image import PIPELINE_IMAGE


@dsl.component(base_image=PIPELINE_IMAGE, install_kfp_package=False)
def forecast_feeder(
    config_yaml: str,
    feeder: dsl.Input[dsl.Dataset],
    model: dsl.Output[dsl.Model],
    forecasts: dsl.Output[dsl.Dataset],
    metrics: dsl.Output[dsl.Metrics],
) -> None:
    from pathlib import Path

    from metrify.config.loader import parse_config
    from metrify.steps.forecast_feeder import forecast_feeder

    paths = (Path(feeder.path), Path(model.path), Path(forecasts.path))
    for name, value in forecast_feeder(*paths, parse_config(config_yaml)).items():
        metrics.log_metric(name, value)
