"""Refuses a model that is not better than the baselines."""

from kfp import dsl

from components.image import PIPELINE_IMAGE


@dsl.component(base_image=PIPELINE_IMAGE, install_kfp_package=False)
def gate_model(evaluation: dsl.Input[dsl.Artifact]) -> None:
    from pathlib import Path

    from metrify.steps.gate_model import gate_model

    gate_model(Path(evaluation.path))
