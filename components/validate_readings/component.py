"""Judges the readings, days and meters of a dataset."""

from kfp import dsl

from components.image import PIPELINE_IMAGE


@dsl.component(base_image=PIPELINE_IMAGE, install_kfp_package=False)
def validate_readings(
    config_yaml: str,
    dataset: dsl.Input[dsl.Dataset],
    verdicts: dsl.Output[dsl.Dataset],
    metrics: dsl.Output[dsl.Metrics],
) -> None:
    from pathlib import Path

    from metrify.config.loader import parse_config
    from metrify.steps.validate_readings import validate_readings

    counts = validate_readings(Path(dataset.path), Path(verdicts.path), parse_config(config_yaml))
    for name, value in counts.items():
        metrics.log_metric(name, value)
