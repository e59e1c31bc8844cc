"""Evaluates a controller beside perfect foresight, rules and the champion."""

from kfp import dsl

from components.image import PIPELINE_IMAGE


@dsl.component(base_image=PIPELINE_IMAGE, install_kfp_package=False)
def evaluate_controller(
    config_yaml: str,
    code_version: str,
    feeder: dsl.Input[dsl.Dataset],
    forecasts: dsl.Input[dsl.Dataset],
    model: dsl.Input[dsl.Model],
    description: dsl.Input[dsl.Artifact],
    evaluation: dsl.Output[dsl.Artifact],
    model_card: dsl.Output[dsl.Markdown],
    day: dsl.Output[dsl.HTML],
    metrics: dsl.Output[dsl.Metrics],
) -> None:
    from pathlib import Path

    from metrify.config.loader import parse_config
    from metrify.steps.evaluate_controller import evaluate_controller

    inputs = (Path(feeder.path), Path(forecasts.path), Path(model.path), Path(description.path))
    outputs = (Path(evaluation.path), Path(model_card.path), Path(day.path))
    figures = evaluate_controller(*inputs, *outputs, parse_config(config_yaml), code_version)
    for name, value in figures.items():
        metrics.log_metric(name, value)
