"""Profiles of a feeder's elements from a CSV or Parquet file.

The file has a column `timestamp` (start of the step, with an offset or in UTC) and a column of each element that is in
service: `load/<name>/kw`, perhaps `load/<name>/kvar`, and `sgen/<name>/kw`, fed in.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from metrify.errors import DatasetError, GridError
from metrify.grid.feeder import Profiles
from metrify.readings.sources.table_file import column_names, read_columns
from metrify.units import MINUTES_PER_HOUR

_LEAST_DAYS = 7
_LISTED = 3


def read_profiles(
    path: Path, load_names: Sequence[str], pv_names: Sequence[str], kvar_per_kw: np.ndarray, idle: Sequence[str] = ()
) -> Profiles:
    """Reads the profiles of loads and static generators.

    Args:
        path: CSV with a header, or Parquet.
        load_names: `[L]` that need a column.
        pv_names: `[P]` that need one.
        kvar_per_kw: `[L]` reactive power of loads of which the file tells none.
        idle: Names that columns may have beside these: of elements that are out of service.

    Raises:
        GridError: The file can't be read, an element has no column, a column belongs to no element, or stamps or values
            don't fit.
    """
    try:
        names = column_names(path)
        frame = read_columns(path, {name: name for name in names}, may_be_named=False).to_pandas()
    except (DatasetError, pa.ArrowException) as error:
        raise GridError(f"The profiles {path.name} can't be read: {error}", "Bring CSV or Parquet.") from error
    kw, kvar = [f"load/{name}/kw" for name in load_names], [f"load/{name}/kvar" for name in load_names]
    fed = [f"sgen/{name}/kw" for name in pv_names]
    _require_columns(path.name, names, [*kw, *fed], kvar, idle)
    start, minutes, order = _steps(path.name, frame["timestamp"])
    values = frame.iloc[order]
    load_kw = _values(path.name, values, kw)
    load_kvar = load_kw * kvar_per_kw
    told = [place for place, column in enumerate(kvar) if column in names]
    load_kvar[:, told] = _values(path.name, values, [kvar[place] for place in told])
    pv_kw = _values(path.name, values, fed)
    if (pv_kw < 0).any():
        column = fed[int((pv_kw < 0).any(axis=0).argmax())]
        raise GridError(
            f"{path.name}: {column} is below 0.", "Give what is fed in above 0, and what is drawn as a load."
        )
    return Profiles(start, minutes, load_kw, load_kvar, pv_kw)


def _require_columns(
    file: str, names: Sequence[str], needed: Sequence[str], optional: Sequence[str], idle: Sequence[str]
) -> None:
    absent = [name for name in ("timestamp", *needed) if name not in names]
    if absent:
        raise GridError(
            f"{file} lacks {len(absent)} columns: {_some(absent)}.",
            "Bring one of each element that is in service, as `load/<name>/kw` or `sgen/<name>/kw`.",
        )
    known = {"timestamp", *needed, *optional, *idle}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise GridError(
            f"{file} has {len(unknown)} columns that belong to no element: {_some(unknown)}.",
            "Name them as the net names its elements, or leave them out.",
        )


def _steps(file: str, stamps: pd.Series) -> tuple[np.datetime64, int, np.ndarray]:
    """When the first step begins, how many minutes a step has, and the rows in the order of time."""
    try:
        moments = pd.to_datetime(stamps, utc=True, format=None if stamps.dtype.kind == "M" else "ISO8601")
    except (ValueError, TypeError) as error:
        raise GridError(
            f"{file} has a stamp that can't be read: {error}.", "Write stamps as 2024-03-31T00:15Z or with an offset."
        ) from error
    if moments.isna().any() or len(moments) < 2:
        raise GridError(f"{file} lacks stamps.", "Give each row the start of its step.")
    stamped = moments.dt.tz_localize(None).to_numpy().astype("datetime64[s]").astype(np.int64)
    order = np.argsort(stamped, kind="stable")
    seconds = stamped[order]
    gaps = np.diff(seconds)
    step = int(np.median(gaps))
    wrong = np.flatnonzero(gaps != step)
    if len(wrong) or step % 60 or not step or MINUTES_PER_HOUR % (step // 60):
        at = pd.Timestamp(int(seconds[wrong[0] if len(wrong) else 0]), unit="s", tz="UTC")
        raise GridError(
            f"{file} has irregular steps: {len(wrong)} are not {step / 60:g} minutes, the first of them after "
            f"{at:%Y-%m-%d %H:%M} UTC.",
            "Bring steps of one length that divides an hour, without gaps or stamps that occur twice.",
        )
    if seconds[0] % (60 * MINUTES_PER_HOUR):
        raise GridError(f"{file} does not begin with a whole hour.", "Leave out what comes before the first one.")
    if len(seconds) * step < _LEAST_DAYS * 86400:
        raise GridError(
            f"{file} has {len(seconds) * step / 86400:.1f} days of profiles.", f"Bring {_LEAST_DAYS} days at least."
        )
    return np.datetime64(int(seconds[0]), "s"), step // 60, order


def _values(file: str, frame: pd.DataFrame, columns: Sequence[str]) -> np.ndarray:
    """`[T, n]` of columns."""
    values = np.zeros((len(frame), len(columns)))
    try:
        for place, name in enumerate(columns):
            values[:, place] = pd.to_numeric(frame[name]).to_numpy(float)
    except (ValueError, TypeError) as error:
        raise GridError(f"{file} has a value that is no number: {error}.", "Write numbers with a point.") from error
    gaps = ~np.isfinite(values)
    if gaps.any():
        column = columns[int(gaps.any(axis=0).argmax())]
        raise GridError(
            f"{file} has {int(gaps.sum())} gaps in {int(gaps.any(axis=0).sum())} columns, {column} among them.",
            "Fill them: a power flow needs every element in every step.",
        )
    return values


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:_LISTED]) + (" and so on" if len(names) > _LISTED else "")
