"""Evaluates the exported model beside the baselines and the champion."""

from kfp import dsl

from components.image import PIPELINE_IMAGE


@dsl.component(base_image=PIPELINE_IMAGE, install_kfp_package=False)
def evaluate_forecaster(
    config_yaml: str,
    dataset: dsl.Input[dsl.Dataset],
    training_set: dsl.Input[dsl.Dataset],
    model: dsl.Input[dsl.Model],
    cold_start: dsl.Input[dsl.Artifact],
    evaluation: dsl.Output[dsl.Artifact],
    tables: dsl.Output[dsl.Dataset],
    metrics: dsl.Output[dsl.Metrics],
) -> None:
    from pathlib import Path

    from metrify.config.loader import parse_config
    from metrify.steps.evaluate_forecaster import evaluate_forecaster

    inputs = (Path(dataset.path), Path(training_set.path), Path(model.path), Path(cold_start.path))
    figures = evaluate_forecaster(*inputs, Path(evaluation.path), Path(tables.path), parse_config(config_yaml))
    for name, value in figures.items():
        metrics.log_metric(name, value)
