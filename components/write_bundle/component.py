"""Writes the signed bundle of an evaluated model."""

from kfp import dsl

from components.image import PIPELINE_IMAGE


@dsl.component(base_image=PIPELINE_IMAGE, install_kfp_package=False)
def write_bundle(
    code_version: str,
    description: dsl.Input[dsl.Artifact],
    model: dsl.Input[dsl.Model],
    evaluation: dsl.Input[dsl.Artifact],
    reference: dsl.Input[dsl.Dataset],
    thresholds: dsl.Input[dsl.Artifact],
    model_card: dsl.Input[dsl.Markdown],
    bundle: dsl.Output[dsl.Model],
    cold_start: dsl.Input[dsl.Artifact] = None,  # how KFP marks an input that may lack
    feeder: dsl.Input[dsl.Dataset] = None,
) -> None:
    from pathlib import Path

    from metrify.steps.write_bundle import write_bundle

    bundle.metadata["version"] = write_bundle(
        Path(description.path),
        Path(model.path),
        Path(evaluation.path),
        Path(reference.path),
        Path(thresholds.path),
        Path(model_card.path),
        Path(cold_start.path) if cold_start else None,
        Path(bundle.path),
        code_version,
        feeder=Path(feeder.path) if feeder else None,
    )
