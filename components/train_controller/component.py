"""Trains a controller of a feeder and exports it as ONNX."""

from kfp import dsl

from components.image import PIPELINE_IMAGE


@dsl.component(base_image=PIPELINE_IMAGE, install_kfp_package=False)
def train_controller(
    config_yaml: str,
    feeder: dsl.Input[dsl.Dataset],
    forecasts: dsl.Input[dsl.Dataset],
    model: dsl.Output[dsl.Model],
    curve: dsl.Output[dsl.Artifact],
    description: dsl.Output[dsl.Artifact],
    metrics: dsl.Output[dsl.Metrics],
) -> None:
    from pathlib import Path

    from metrify.config.loader import parse_config
    from metrify.steps.train_controller import train_controller

    inputs = (Path(feeder.path), Path(forecasts.path))
    outputs = (Path(model.path), Path(curve.path), Path(description.path))
    for name, value in train_controller(*inputs, *outputs, parse_config(config_yaml)).items():
        metrics.log_metric(name, value)
