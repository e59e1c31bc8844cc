"""Refuses a model that is not better than the baselines and the champion."""

from kfp import dsl

from components.image import PIPELINE_IMAGE


@dsl.component(base_image=PIPELINE_IMAGE, install_kfp_package=False)
def gate_model(config_yaml: str, evaluation: dsl.Input[dsl.Artifact], task: str = "load-forecast") -> None:
    from pathlib import Path

    from metrify.config.loader import parse_config
    from metrify.steps.gate_model import gate_model

    gate_model(Path(evaluation.path), parse_config(config_yaml), task)  # type: ignore[arg-type]
