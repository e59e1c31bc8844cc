"""Renders the InferenceService that serves a bundle."""

from kfp import dsl

from components.image import PIPELINE_IMAGE


@dsl.component(base_image=PIPELINE_IMAGE, install_kfp_package=False)
def render_inference_service(
    config_yaml: str,
    bundle: dsl.Input[dsl.Model],
    registered: dsl.Input[dsl.Artifact],
    manifest: dsl.Output[dsl.Artifact],
) -> None:
    from pathlib import Path

    from metrify.config.loader import parse_config
    from metrify.steps.render_inference_service import render_inference_service

    render_inference_service(Path(bundle.path), Path(manifest.path), parse_config(config_yaml))
