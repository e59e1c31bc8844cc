"""Readings become a table of features, shard by shard."""

from kfp import dsl

from components.compute_feature_table.component import compute_feature_table
from components.ingest_readings.component import ingest_readings
from components.merge_feature_tables.component import merge_feature_tables
from components.validate_readings.component import validate_readings


@dsl.pipeline(name="feature-table", description="Readings become a table of features, shard by shard.")
def feature_table(source: str, config_yaml: str, code_version: str, shards: list[str]) -> None:
    """Computes the features of all accepted meters at every interval.

    Args:
        source: Name of the dataset.
        config_yaml: Text of the configuration.
        code_version: Part of every cache key, so that a change of the code is never served stale results.
        shards: All shards of the meters, such as `["0/2", "1/2"]`; each is a task of its own.
    """
    dataset = ingest_readings(source=source, code_version=code_version).outputs["dataset"]
    verdicts = validate_readings(config_yaml=config_yaml, dataset=dataset).outputs["verdicts"]
    with dsl.ParallelFor(shards) as shard:
        computed = compute_feature_table(config_yaml=config_yaml, shard=shard, dataset=dataset, verdicts=verdicts)
    merge_feature_tables(tables=dsl.Collected(computed.outputs["table"]))
