"""Every meter of a dataset gets its forecast, shard by shard."""

from kfp import dsl

from components.ingest_readings.component import ingest_readings
from components.merge_forecasts.component import merge_forecasts
from components.score_meters.component import score_meters


@dsl.pipeline(name="batch-forecast", description="Every meter of a dataset gets its forecast, shard by shard.")
def batch_forecast(
    source: str, bundle: str, origins: list[str], code_version: str, shards: list[str], horizon: int = 0
) -> None:
    """Forecasts all meters from the windows in the feature store, and lists those that can't be forecast.

    Readings and windows change while the arguments stay the same, so neither step is cached.

    Args:
        source: Name of the dataset that the feature store was filled with.
        bundle: Folder of the model's bundle.
        origins: RFC 3339 times at which windows end; none for the newest window of each meter.
        code_version: Part of every cache key, so that a change of the code is never served stale results.
        shards: All shards of the meters, such as `["0/2", "1/2"]`; each is a task of its own.
        horizon: Intervals to forecast; 0 for as many as the model gives.
    """
    ingested = ingest_readings(source=source, code_version=code_version).set_caching_options(False)
    with dsl.ParallelFor(shards) as shard:
        scored = score_meters(
            bundle=bundle, origins=origins, shard=shard, horizon=horizon, dataset=ingested.outputs["dataset"]
        )
        scored.set_caching_options(False)
    merge_forecasts(
        forecasts=dsl.Collected(scored.outputs["forecasts"]), refused=dsl.Collected(scored.outputs["refused"])
    )
