"""Registers a bundle in MLflow as the candidate."""

from kfp import dsl

from components.image import PIPELINE_IMAGE


@dsl.component(base_image=PIPELINE_IMAGE, install_kfp_package=False)
def register_model(
    config_yaml: str,
    bundle: dsl.Input[dsl.Model],
    registered: dsl.Output[dsl.Artifact],
    curve: dsl.Input[dsl.Artifact] = None,  # how KFP marks an input that may lack
    tables: dsl.Input[dsl.Dataset] = None,
) -> None:
    from pathlib import Path

    from metrify.config.loader import parse_config
    from metrify.steps.register_model import register_model

    version = register_model(
        Path(bundle.path),
        Path(curve.path) if curve else None,
        Path(tables.path) if tables else None,
        parse_config(config_yaml),
    )
    Path(registered.path).write_text(str(version), encoding="utf-8")
