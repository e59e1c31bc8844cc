"""Reads a source into a dataset with pseudonymous meters."""

from kfp import dsl

from components.image import PIPELINE_IMAGE


@dsl.component(base_image=PIPELINE_IMAGE, install_kfp_package=False)
def ingest_readings(
    source: str, code_version: str, dataset: dsl.Output[dsl.Dataset], metrics: dsl.Output[dsl.Metrics]
) -> None:
    from pathlib import Path

    from metrify.steps.ingest_readings import ingest_readings

    for name, value in ingest_readings(source, Path(dataset.path)).items():
        metrics.log_metric(name, value)
