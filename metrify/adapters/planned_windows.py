"""Finds and reads the offline windows of many meters: what is in memory is a few windows and one line a meter."""

from collections.abc import Iterator
from dataclasses import dataclass, fields

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from metrify.adapters.offline_windows import WINDOWS_FILE
from metrify.config import Home

_Columns = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]  # of a plan

_WINDOWS_AT_ONCE = 4_096  # 11 MB of windows of 672 intervals


@dataclass(frozen=True)
class WindowPlan:
    """Which windows of a file are wanted, in the order in which they lie there.

    Attributes:
        meters: `[N]` numbers of their meters.
        ends: `[N]` datetime64[s] UTC.
        groups: `[N]` row groups.
        rows: `[N]` rows within them.
        is_stored: `[M]` whether the file has any window of each meter.
        present: `[E]` whether any window of the file, of whichever meter, ends at each of the moments asked for.
    """

    meters: np.ndarray
    ends: np.ndarray
    groups: np.ndarray
    rows: np.ndarray
    is_stored: np.ndarray
    present: np.ndarray


@dataclass(frozen=True)
class PlannedWindows:
    """Some of the windows of a plan.

    Attributes:
        meters: `[n]` numbers of their meters.
        ends: `[n]` datetime64[s] UTC.
        windows: `[n, L]` float32 kWh, aligned at their end; NaN where a reading is missing.
        data_versions: `[n]` int64.
    """

    meters: np.ndarray
    ends: np.ndarray
    windows: np.ndarray
    data_versions: np.ndarray


def open_windows(home: Home) -> pq.ParquetFile:
    """Opens the offline windows; who replaces them meanwhile leaves the ones that are open as they are."""
    return pq.ParquetFile(home.feature_store / WINDOWS_FILE, read_dictionary=["meter_id"])


def plan_windows(file: pq.ParquetFile, meter_ids: pd.Index, ends: np.ndarray) -> WindowPlan:
    """Finds the windows of meters that end at some moments.

    Args:
        file: Offline windows, see `windows_table`.
        meter_ids: `[M]` distinct meters.
        ends: `[E]` datetime64[s] UTC, rising; none asks for the newest window of each meter.
    """
    parts, is_stored, present = [], np.zeros(len(meter_ids), bool), np.zeros(len(ends), bool)
    for group in range(file.num_row_groups):
        meters, found = _meters_and_ends(file.read_row_group(group, ["meter_id", "window_end"]), meter_ids)
        is_stored[meters[meters >= 0]] = True
        present |= np.isin(ends, found)
        rows = np.flatnonzero((meters >= 0) & (np.isin(found, ends) if len(ends) else True))
        part = (meters[rows], found[rows], np.full(len(rows), group), rows)
        parts.append(part if len(ends) else _newest(*part))
    meters, found, groups, rows = (np.concatenate(column) for column in zip(*parts, strict=True))
    if not len(ends):
        meters, found, groups, rows = _newest(meters, found, groups, rows)
    return WindowPlan(meters, found, groups, rows, is_stored, present)


def read_planned(file: pq.ParquetFile, plan: WindowPlan, length: int) -> Iterator[PlannedWindows]:
    """Reads the windows of a plan, some at a time, in the order in which they lie in the file.

    Args:
        file: The windows that the plan is of.
        plan: Which windows.
        length: Intervals before their end; what a window lacks of them is NaN.
    """
    held: list[PlannedWindows] = []
    for part in _read_groups(file, plan, length):
        held.append(part)
        if sum(len(piece.ends) for piece in held) >= _WINDOWS_AT_ONCE:
            yield _join(held)
            held = []
    if held:
        yield _join(held)


def _read_groups(file: pq.ParquetFile, plan: WindowPlan, length: int) -> Iterator[PlannedWindows]:
    for group in np.unique(plan.groups).tolist():
        chosen = np.arange(*np.searchsorted(plan.groups, [group, group + 1]))
        rows, first = plan.rows[chosen], 0
        for batch in file.iter_batches(_WINDOWS_AT_ONCE, [group], ["load_window", "data_version"]):
            begin, end = np.searchsorted(rows, [first, first + len(batch)])
            if begin < end:
                own, places = rows[begin:end] - first, chosen[begin:end]
                part = batch if len(own) == len(batch) else batch.take(pa.array(own))
                windows = _aligned(part["load_window"], length)
                versions = part["data_version"].to_numpy()
                yield PlannedWindows(plan.meters[places], plan.ends[places], windows, versions)
            first += len(batch)


def _meters_and_ends(rows: pa.Table, meter_ids: pd.Index) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of the rows' meters, -1 for others, and the ends of the windows."""
    names = rows["meter_id"].combine_chunks()
    known = meter_ids.get_indexer(pd.Index(names.dictionary.to_pandas()))
    return known[names.indices.to_numpy()], rows["window_end"].to_numpy().astype("datetime64[s]")


def _newest(meters: np.ndarray, ends: np.ndarray, groups: np.ndarray, rows: np.ndarray) -> _Columns:
    """The last window of each meter, in the order of the file."""
    order = np.lexsort((ends, meters))
    is_last = np.append(meters[order][1:] != meters[order][:-1], True)[: len(order)]
    kept = np.sort(order[is_last])
    return meters[kept], ends[kept], groups[kept], rows[kept]


def _aligned(windows: pa.ListArray, length: int) -> np.ndarray:
    """The last values of each window, `[n, length]` float32."""
    sizes = np.diff(windows.offsets.to_numpy())
    values = windows.flatten().to_numpy(zero_copy_only=False)
    if len(sizes) and (sizes == sizes[0]).all() and sizes[0] >= length:
        return values.reshape(len(sizes), -1)[:, -length:]
    aligned = np.full((len(sizes), length), np.nan, np.float32)
    for row, window in zip(aligned, np.split(values, np.cumsum(sizes)[:-1]), strict=True):
        kept = window[-length:]
        row[length - len(kept) :] = kept
    return aligned


def _join(parts: list[PlannedWindows]) -> PlannedWindows:
    return PlannedWindows(
        *(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(PlannedWindows))
    )
