"""Builds the training set by point-in-time retrieval from the feature store."""

from kfp import dsl

from components.image import PIPELINE_IMAGE


@dsl.component(base_image=PIPELINE_IMAGE, install_kfp_package=False)
def build_training_set(
    config_yaml: str,
    dataset: dsl.Input[dsl.Dataset],
    verdicts: dsl.Input[dsl.Dataset],
    materialised: dsl.Input[dsl.Artifact],
    training_set: dsl.Output[dsl.Dataset],
    metrics: dsl.Output[dsl.Metrics],
) -> None:
    from pathlib import Path

    from metrify.config.loader import parse_config
    from metrify.steps.build_training_set import build_training_set

    counts = build_training_set(
        Path(dataset.path), Path(verdicts.path), Path(training_set.path), parse_config(config_yaml)
    )
    for name, value in counts.items():
        metrics.log_metric(name, value)
