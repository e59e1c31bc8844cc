"""The labels of an imported dataset, from a file of their own."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from metrify.readings.day_starts import day_starts
from metrify.readings.labels import LABEL_KEY, UNKNOWN_KIND, check_labels
from metrify.readings.sources.table_cells import Stamps, read_names, read_stamps
from metrify.readings.sources.table_faults import refuse_rows
from metrify.readings.sources.table_file import column_names, read_columns
from metrify.readings.sources.table_stamps import refuse_no_rows, utc_stamps

_SAME_EVENT = ["meter_id", "kind"]
_ANY_STEP_MINUTES = 60  # no label says by its place in the file which pass of a repeated hour it is of


def read_labels(
    path: Path,
    titles: Mapping[str, str],
    timezone: str,
    kinds: Sequence[str],
    rename: Callable[[Sequence[str]], list[str]],
) -> pd.DataFrame:
    """Reads what was found to be wrong with meters.

    Args:
        path: CSV or Parquet file: `meter_id`, `start`, `end` (exclusive) and perhaps `kind`. A date alone is the first
            instant of that local day.
        titles: Our column name to the readings file's. The file may call the meter as the readings do, or `meter_id`.
        timezone: IANA name of the local time of stamps without an offset.
        kinds: Names that a kind may have; an empty cell is one that is not known.
        rename: From meter numbers to the ids that are kept.

    Returns:
        Labels in the order of the file; their index has the meter numbers that it names.

    Raises:
        DatasetError: The file is missing or unreadable.
        ReadingsError: A column or cell does not fit, a label ends no later than it starts, or two are of one event.
    """
    meter = titles["meter_id"] if titles["meter_id"] in column_names(path) else "meter_id"
    columns = {"meter_id": meter, "start": "start", "end": "end", "kind": "kind"}
    table = read_columns(path, columns, optional=("kind",), may_be_named=False)
    file = path.name
    refuse_no_rows(file, len(table), "`--labels`")
    numbers = read_names(file, table["meter_id"], meter)
    labels = pd.DataFrame(
        {
            "meter_id": rename(numbers.tolist()),
            "start": _read_times(file, table, "start", timezone),
            "end": _read_times(file, table, "end", timezone),
            "kind": _read_kinds(file, table, kinds),
        },
        index=pd.Index(numbers, dtype=object),
    )
    is_empty = (labels["end"] <= labels["start"]).to_numpy()
    mend = "An end is exclusive: of one whole day it is the day after."
    refuse_rows(file, is_empty, "an end that is no later than the start, of the meter", numbers, mend)
    again = labels.duplicated(list(LABEL_KEY)).to_numpy()
    refuse_rows(file, again, "the meter and start of an earlier row", numbers, "Keep one row of each.")
    fault = "a label that overlaps another one of the same meter and kind"
    refuse_rows(file, _overlaps(labels), fault, numbers, "Keep one of them, or make them one that is as long as both.")
    return labels


def add_labels(known: pd.DataFrame | None, new: pd.DataFrame) -> pd.DataFrame:
    """Both together, sorted. A new label takes the place of those that it corrects.

    These are labels of the same meter that have the same start, or the same kind and a time in common.
    """
    if known is not None:
        pairs = known.reset_index(names="row").merge(new, on="meter_id", suffixes=("", "_new"))
        has_common_time = (pairs["start"] < pairs["end_new"]) & (pairs["start_new"] < pairs["end"])
        is_same_event = (pairs["kind"] == pairs["kind_new"]) & has_common_time
        is_corrected = (pairs["start"] == pairs["start_new"]) | is_same_event
        new = pd.concat([known.drop(pairs.loc[is_corrected, "row"].unique()), new])
    return check_labels(new.sort_values(list(LABEL_KEY), ignore_index=True))


def _read_times(file: str, table: pa.Table, title: str, timezone: str) -> pd.DatetimeIndex:
    stamps = read_stamps(file, table[title], title)
    days = stamps.local.astype("datetime64[D]").astype(stamps.local.dtype)
    is_day = stamps.local == days  # whole days begin somewhere also where clocks skip or repeat midnight
    starts = day_starts(pd.DatetimeIndex(days[is_day]), timezone).tz_convert("UTC").tz_localize(None)
    utc = stamps.utc.copy()
    utc[is_day] = starts.to_numpy()
    resolved = Stamps(np.where(is_day, np.datetime64("NaT", "ns"), stamps.local), utc)
    rows = np.arange(len(utc))  # each row is a place of its own
    return pd.DatetimeIndex(utc_stamps(file, title, resolved, rows, timezone, _ANY_STEP_MINUTES), tz="UTC")


def _read_kinds(file: str, table: pa.Table, kinds: Sequence[str]) -> np.ndarray:
    if "kind" not in table.column_names:
        return np.full(len(table), UNKNOWN_KIND, dtype=object)
    cells = table["kind"].cast(pa.string()).fill_null(UNKNOWN_KIND).to_pandas().str.strip()
    unknown = ~cells.isin([*kinds, UNKNOWN_KIND]).to_numpy(bool)
    mend = f"Use one of {', '.join(kinds)}, or leave the cell empty."
    refuse_rows(file, unknown, "no known kind in the column 'kind'", cells.to_numpy(), mend)
    return cells.to_numpy(object)


def _overlaps(labels: pd.DataFrame) -> np.ndarray:
    """Which labels begin before an earlier one of their meter and kind is over, `[N]`."""
    rows = labels.reset_index(drop=True).sort_values("start", kind="stable")
    is_over = rows.groupby(_SAME_EVENT)["end"].cummax()
    earlier = is_over.groupby([rows[name] for name in _SAME_EVENT]).shift()
    return (rows["start"] < earlier).sort_index().to_numpy()
