"""Fills the feature store with the windows of a dataset."""

from kfp import dsl

from components.image import PIPELINE_IMAGE


@dsl.component(base_image=PIPELINE_IMAGE, install_kfp_package=False)
def materialise_features(
    config_yaml: str,
    dataset: dsl.Input[dsl.Dataset],
    verdicts: dsl.Input[dsl.Dataset],
    materialised: dsl.Output[dsl.Artifact],
    metrics: dsl.Output[dsl.Metrics],
) -> None:
    from pathlib import Path

    from metrify.config.loader import parse_config
    from metrify.steps.materialise_features import materialise_features

    counts = materialise_features(
        Path(dataset.path), Path(verdicts.path), Path(materialised.path), parse_config(config_yaml)
    )
    for name, value in counts.items():
        metrics.log_metric(name, value)
