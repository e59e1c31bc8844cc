"""Writes the model card."""

from kfp import dsl

from components.image import PIPELINE_IMAGE


@dsl.component(base_image=PIPELINE_IMAGE, install_kfp_package=False)
def write_model_card(
    config_yaml: str,
    code_version: str,
    dataset: dsl.Input[dsl.Dataset],
    training_set: dsl.Input[dsl.Dataset],
    evaluation: dsl.Input[dsl.Artifact],
    tables: dsl.Input[dsl.Dataset],
    compression: dsl.Input[dsl.Artifact],
    model_card: dsl.Output[dsl.Markdown],
) -> None:
    from pathlib import Path

    from metrify.config.loader import parse_config
    from metrify.steps.write_model_card import write_model_card

    write_model_card(
        Path(dataset.path),
        Path(training_set.path),
        Path(evaluation.path),
        Path(tables.path),
        Path(compression.path),
        Path(model_card.path),
        parse_config(config_yaml),
        code_version,
    )
