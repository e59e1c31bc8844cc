"""Puts the forecasts of all shards together."""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from functools import lru_cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from metrify.errors import DatasetError
from metrify.forecasting.forecast_table import DEGRADED_COLUMN, INTERVAL_COLUMN, REASON_COLUMN, forecast_writer

_FORECASTS_AT_ONCE = 4_096
_KEYS = pa.schema([("meter_id", pa.string()), ("origin", pa.timestamp("us", "UTC"))])
_TEXTS = ["meter_id", "model_version", REASON_COLUMN]
_GROUPS_HELD = 6  # of each shard, some 1 MB each


def merge_forecasts(
    forecasts: Sequence[Path], refused: Sequence[Path], output: Path, refused_output: Path
) -> dict[str, float]:
    """Writes the forecasts of all shards as one file, and so the refused meters: the same whatever shards there were.

    What is in memory is one line a forecast, and some thousand forecasts.

    Args:
        forecasts: Files of `score_meters`, one a shard.
        refused: Its other files.
        output: Parquet file to write, sorted by meter, origin and interval.
        refused_output: Parquet file to write, sorted by meter and origin.

    Returns:
        How many forecasts there are, how many of them are degraded, and how many were refused.

    Raises:
        DatasetError: A meter and origin are in two files.
    """
    with ExitStack() as stack:
        files = [stack.enter_context(pq.ParquetFile(path, read_dictionary=_TEXTS)) for path in forecasts]
        schema = pq.read_schema(forecasts[0])
        places = _sorted_places(files)
        read = lru_cache(_GROUPS_HELD * len(files))(lambda file, group: files[file].read_row_group(group))
        writer = stack.enter_context(forecast_writer(output, schema))
        beside, written, degraded = stack.enter_context(ThreadPoolExecutor(1)), None, 0
        for first in range(0, len(places), _FORECASTS_AT_ONCE):
            # As plain texts, since the file would tell from which dictionaries they came.
            rows = _take(places[first : first + _FORECASTS_AT_ONCE], read).cast(schema)
            is_first = pc.equal(rows[INTERVAL_COLUMN], 0)
            degraded += pc.sum(pc.and_(rows[DEGRADED_COLUMN], is_first)).as_py()
            _wait_for(written)
            written = beside.submit(writer.write_table, rows)  # compression takes as long as all the rest
        _wait_for(written)
    listed = pa.concat_tables([pq.read_table(path) for path in refused])
    listed = listed.sort_by([("meter_id", "ascending"), ("origin", "ascending")])
    pq.write_table(listed, refused_output, compression="zstd")
    return {"forecasts": len(places), "degraded": degraded, "refused": len(listed)}


def _wait_for(written: Future[None] | None) -> None:
    """Waits until a part is in the file, and raises what went wrong."""
    if written is not None:
        written.result()


def _sorted_places(files: list[pq.ParquetFile]) -> np.ndarray:
    """File, row group, first row and number of rows of each forecast, `[N, 4]`, sorted by meter and origin."""
    keys, places = [], []
    for number, file in enumerate(files):
        for group in range(file.num_row_groups):
            rows = file.read_row_group(group, columns=["meter_id", "origin", INTERVAL_COLUMN])
            starts = np.flatnonzero(rows[INTERVAL_COLUMN].to_numpy() == 0)
            keys.append(rows.select(["meter_id", "origin"]).take(starts).cast(_KEYS))
            lengths = np.diff(np.append(starts, len(rows)))
            places.append(np.stack([np.full(len(starts), number), np.full(len(starts), group), starts, lengths], 1))
    if not keys:
        return np.empty((0, 4), int)
    table = pa.concat_tables(keys)
    order = pc.sort_indices(table, [("meter_id", "ascending"), ("origin", "ascending")])
    _require_distinct(table.take(order))
    return np.concatenate(places)[order.to_numpy()]


def _require_distinct(table: pa.Table) -> None:
    later, earlier = table.slice(1), table.slice(0, max(len(table) - 1, 0))
    same = pc.and_(*(pc.equal(later[name], earlier[name]) for name in ("meter_id", "origin")))
    repeated = later["meter_id"].filter(same)
    if len(repeated):
        raise DatasetError(f"The meter {repeated[0]} is in two files.", "Give each shard's file once.")


def _take(places: np.ndarray, read) -> pa.Table:  # type: ignore[no-untyped-def]
    """The rows of some forecasts, in their order."""
    parts, taken = [], []
    for file, group in np.unique(places[:, :2], axis=0).tolist():
        own = np.flatnonzero((places[:, 0] == file) & (places[:, 1] == group))
        parts.append(read(file, group).take(_ranges(places[own, 2], places[own, 3])))
        taken.append(own)
    forecasts = np.concatenate(taken)  # number of each forecast that was read, in the order of reading
    lengths = places[forecasts, 3]
    begins = np.cumsum(lengths) - lengths
    order = np.argsort(forecasts)
    return pa.concat_tables(parts).unify_dictionaries().take(_ranges(begins[order], lengths[order]))


def _ranges(begins: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """All numbers of some ranges, one range after another."""
    before = np.cumsum(lengths) - lengths
    return np.arange(lengths.sum()) + np.repeat(begins - before, lengths)
