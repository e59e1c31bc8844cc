"""Evaluates the exported model beside the baselines."""

from kfp import dsl

from components.image import PIPELINE_IMAGE


@dsl.component(base_image=PIPELINE_IMAGE, install_kfp_package=False)
def evaluate_forecaster(
    config_yaml: str,
    training_set: dsl.Input[dsl.Dataset],
    model: dsl.Input[dsl.Model],
    evaluation: dsl.Output[dsl.Artifact],
    metrics: dsl.Output[dsl.Metrics],
) -> None:
    from pathlib import Path

    from metrify.config.loader import parse_config
    from metrify.steps.evaluate_forecaster import evaluate_forecaster

    figures = evaluate_forecaster(
        Path(training_set.path), Path(model.path), Path(evaluation.path), parse_config(config_yaml)
    )
    for name, value in figures.items():
        metrics.log_metric(name, value)
