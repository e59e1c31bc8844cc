"""Puts the feature tables of all shards together."""

from kfp import dsl

from components.image import PIPELINE_IMAGE


@dsl.component(base_image=PIPELINE_IMAGE, install_kfp_package=False)
def merge_feature_tables(
    tables: dsl.Input[list[dsl.Dataset]],
    merged: dsl.Output[dsl.Dataset],
    metrics: dsl.Output[dsl.Metrics],
) -> None:
    from pathlib import Path

    from metrify.steps.merge_feature_tables import merge_feature_tables

    figures = merge_feature_tables([Path(table.path) for table in tables], Path(merged.path))
    for name, value in figures.items():
        metrics.log_metric(name, value)
