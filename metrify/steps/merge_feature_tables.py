"""Puts the feature tables of all shards together."""

from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from metrify.errors import DatasetError


def merge_feature_tables(tables: list[Path], output: Path) -> dict[str, float]:
    """Writes the tables of all shards as one: the same as if there had been one shard.

    Args:
        tables: Files of `compute_feature_table`, one a shard.
        output: Parquet file to write, sorted by meter and origin, a row group a meter.

    Returns:
        How many meters and rows there are.

    Raises:
        DatasetError: A meter is in two tables.
    """
    with ExitStack() as stack:
        files = [stack.enter_context(pq.ParquetFile(path)) for path in tables]
        places = _places_by_meter(files)
        rows = 0
        writer = stack.enter_context(
            pq.ParquetWriter(output, files[0].schema_arrow, compression="zstd", compression_level=1)
        )
        for meter in sorted(places):
            file, group, start, length = places[meter]
            writer.write_table(file.read_row_group(group).slice(start, length))
            rows += length
    return {"meters": len(places), "rows": rows}


def _places_by_meter(files: list[pq.ParquetFile]) -> dict[str, tuple[pq.ParquetFile, int, int, int]]:
    """File, row group, first row in it and number of rows of each meter."""
    places: dict[str, tuple[pq.ParquetFile, int, int, int]] = {}
    for file in files:
        for group in range(file.num_row_groups):
            meters = file.read_row_group(group, columns=["meter_id"])["meter_id"].to_numpy(zero_copy_only=False)
            starts = np.flatnonzero(np.r_[True, meters[1:] != meters[:-1]])
            for start, length in zip(starts.tolist(), np.diff(np.r_[starts, len(meters)]).tolist(), strict=True):
                if meters[start] in places:
                    raise DatasetError(f"The meter {meters[start]} is in two tables.", "Give each shard's table once.")
                places[meters[start]] = (file, group, start, length)
    return places
