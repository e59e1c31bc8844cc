"""Trains a detector of anomalous meter-days and exports it as ONNX."""

from kfp import dsl

from components.image import PIPELINE_IMAGE


@dsl.component(base_image=PIPELINE_IMAGE, install_kfp_package=False)
def train_detector(
    config_yaml: str,
    dataset: dsl.Input[dsl.Dataset],
    verdicts: dsl.Input[dsl.Dataset],
    model: dsl.Output[dsl.Model],
    curve: dsl.Output[dsl.Artifact],
    description: dsl.Output[dsl.Artifact],
    metrics: dsl.Output[dsl.Metrics],
) -> None:
    from pathlib import Path

    from metrify.config.loader import parse_config
    from metrify.steps.train_detector import train_detector

    inputs, outputs = (
        (Path(dataset.path), Path(verdicts.path)),
        (Path(model.path), Path(curve.path), Path(description.path)),
    )
    figures = train_detector(*inputs, *outputs, parse_config(config_yaml))
    for name, value in figures.items():
        metrics.log_metric(name, value)
