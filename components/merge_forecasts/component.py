"""Puts the forecasts of all shards together."""

from kfp import dsl

from components.image import PIPELINE_IMAGE


@dsl.component(base_image=PIPELINE_IMAGE, install_kfp_package=False)
def merge_forecasts(
    forecasts: dsl.Input[list[dsl.Dataset]],
    refused: dsl.Input[list[dsl.Dataset]],
    merged: dsl.Output[dsl.Dataset],
    merged_refused: dsl.Output[dsl.Dataset],
    metrics: dsl.Output[dsl.Metrics],
) -> None:
    from pathlib import Path

    from metrify.steps.merge_forecasts import merge_forecasts

    paths, refused_paths = ([Path(item.path) for item in items] for items in (forecasts, refused))
    for name, value in merge_forecasts(paths, refused_paths, Path(merged.path), Path(merged_refused.path)).items():
        metrics.log_metric(name, value)
