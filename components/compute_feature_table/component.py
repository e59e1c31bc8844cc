"""Computes the features of every meter of a shard at every interval."""

from kfp import dsl

from components.image import PIPELINE_IMAGE


@dsl.component(base_image=PIPELINE_IMAGE, install_kfp_package=False)
def compute_feature_table(
    config_yaml: str,
    shard: str,
    dataset: dsl.Input[dsl.Dataset],
    verdicts: dsl.Input[dsl.Dataset],
    table: dsl.Output[dsl.Dataset],
) -> None:
    from pathlib import Path

    from metrify.config.loader import parse_config
    from metrify.steps.compute_feature_table import compute_feature_table

    compute_feature_table(
        Path(dataset.path), Path(verdicts.path), Path(table.path), parse_config(config_yaml), shard=shard
    )
