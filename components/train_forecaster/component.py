"""Trains the day-ahead forecaster and exports it as ONNX."""

from kfp import dsl

from components.image import PIPELINE_IMAGE


@dsl.component(base_image=PIPELINE_IMAGE, install_kfp_package=False)
def train_forecaster(
    config_yaml: str,
    training_set: dsl.Input[dsl.Dataset],
    model: dsl.Output[dsl.Model],
    curve: dsl.Output[dsl.Artifact],
    description: dsl.Output[dsl.Artifact],
    metrics: dsl.Output[dsl.Metrics],
) -> None:
    from pathlib import Path

    from metrify.config.loader import parse_config
    from metrify.steps.train_forecaster import train_forecaster

    outputs = (Path(model.path), Path(curve.path), Path(description.path))
    figures = train_forecaster(Path(training_set.path), *outputs, parse_config(config_yaml))
    for name, value in figures.items():
        metrics.log_metric(name, value)
