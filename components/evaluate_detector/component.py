"""Evaluates a detector beside simple rules and the champion."""

from kfp import dsl

from components.image import PIPELINE_IMAGE


@dsl.component(base_image=PIPELINE_IMAGE, install_kfp_package=False)
def evaluate_detector(
    config_yaml: str,
    code_version: str,
    dataset: dsl.Input[dsl.Dataset],
    verdicts: dsl.Input[dsl.Dataset],
    model: dsl.Input[dsl.Model],
    description: dsl.Input[dsl.Artifact],
    evaluation: dsl.Output[dsl.Artifact],
    model_card: dsl.Output[dsl.Markdown],
    metrics: dsl.Output[dsl.Metrics],
) -> None:
    from pathlib import Path

    from metrify.config.loader import parse_config
    from metrify.steps.evaluate_detector import evaluate_detector

    inputs = (Path(dataset.path), Path(verdicts.path), Path(model.path), Path(description.path))
    outputs = (Path(evaluation.path), Path(model_card.path))
    figures = evaluate_detector(*inputs, *outputs, parse_config(config_yaml), code_version)
    for name, value in figures.items():
        metrics.log_metric(name, value)
