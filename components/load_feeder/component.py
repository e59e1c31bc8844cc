"""Reads a feeder with its profiles."""

from kfp import dsl

from components.image import PIPELINE_IMAGE


@dsl.component(base_image=PIPELINE_IMAGE, install_kfp_package=False)
def load_feeder(
    source: str, code_version: str, feeder: dsl.Output[dsl.Dataset], metrics: dsl.Output[dsl.Metrics]
) -> None:
    from pathlib import Path

    from metrify.steps.load_feeder import load_feeder

    for name, value in load_feeder(source, Path(feeder.path)).items():
        metrics.log_metric(name, value)
