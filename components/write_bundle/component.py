"""Writes the signed bundle of an evaluated model."""

from kfp import dsl

from components.image import PIPELINE_IMAGE


@dsl.component(base_image=PIPELINE_IMAGE, install_kfp_package=False)
def write_bundle(
    config_yaml: str,
    code_version: str,
    training_set: dsl.Input[dsl.Dataset],
    model: dsl.Input[dsl.Model],
    evaluation: dsl.Input[dsl.Artifact],
    reference: dsl.Input[dsl.Dataset],
    thresholds: dsl.Input[dsl.Artifact],
    model_card: dsl.Input[dsl.Markdown],
    cold_start: dsl.Input[dsl.Artifact],
    bundle: dsl.Output[dsl.Model],
) -> None:
    from pathlib import Path

    from metrify.config.loader import parse_config
    from metrify.steps.write_bundle import write_bundle

    bundle.metadata["version"] = write_bundle(
        Path(training_set.path),
        Path(model.path),
        Path(evaluation.path),
        Path(reference.path),
        Path(thresholds.path),
        Path(model_card.path),
        Path(cold_start.path),
        Path(bundle.path),
        parse_config(config_yaml),
        code_version,
    )
