"""Forecasts every meter of a shard from the windows in the feature store."""

from kfp import dsl

from components.image import PIPELINE_IMAGE


@dsl.component(base_image=PIPELINE_IMAGE, install_kfp_package=False)
def score_meters(
    bundle: str,
    origins: list[str],
    shard: str,
    horizon: int,
    dataset: dsl.Input[dsl.Dataset],
    forecasts: dsl.Output[dsl.Dataset],
    refused: dsl.Output[dsl.Dataset],
) -> None:
    from pathlib import Path

    from metrify.steps.score_meters import score_meters

    outputs = Path(forecasts.path), Path(refused.path)
    score_meters(Path(dataset.path), Path(bundle), *outputs, origins, shard, horizon or None)
