"""Registers a bundle in MLflow as the candidate."""

from kfp import dsl

from components.image import PIPELINE_IMAGE


@dsl.component(base_image=PIPELINE_IMAGE, install_kfp_package=False)
def register_model(
    config_yaml: str,
    bundle: dsl.Input[dsl.Model],
    curve: dsl.Input[dsl.Artifact],
    tables: dsl.Input[dsl.Dataset],
    registered: dsl.Output[dsl.Artifact],
) -> None:
    from pathlib import Path

    from metrify.config.loader import parse_config
    from metrify.steps.register_model import register_model

    version = register_model(Path(bundle.path), Path(curve.path), Path(tables.path), parse_config(config_yaml))
    Path(registered.path).write_text(str(version), encoding="utf-8")
