"""Chooses who decides when a bundle of a feeder is served."""

from kfp import dsl

from components.image import PIPELINE_IMAGE


@dsl.component(base_image=PIPELINE_IMAGE, install_kfp_package=False)
def choose_controller(
    config_yaml: str,
    feeder: dsl.Input[dsl.Dataset],
    forecasts: dsl.Input[dsl.Dataset],
    model: dsl.Input[dsl.Model],
    description: dsl.Input[dsl.Artifact],
    chosen: dsl.Output[dsl.Artifact],
    metrics: dsl.Output[dsl.Metrics],
) -> None:
    from pathlib import Path

    from metrify.config.loader import parse_config
    from metrify.steps.choose_controller import choose_controller

    inputs = (Path(feeder.path), Path(forecasts.path), Path(model.path), Path(description.path))
    for name, value in choose_controller(*inputs, Path(chosen.path), parse_config(config_yaml)).items():
        metrics.log_metric(name, value)
