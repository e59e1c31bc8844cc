"""Fits the profile by which windows of new meters are completed."""

from kfp import dsl

from components.image import PIPELINE_IMAGE


@dsl.component(base_image=PIPELINE_IMAGE, install_kfp_package=False)
def fit_cold_start(
    config_yaml: str,
    training_set: dsl.Input[dsl.Dataset],
    profile: dsl.Output[dsl.Artifact],
) -> None:
    from pathlib import Path

    from metrify.config.loader import parse_config
    from metrify.steps.fit_cold_start import fit_cold_start

    fit_cold_start(Path(training_set.path), Path(profile.path), parse_config(config_yaml))
