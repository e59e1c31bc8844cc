"""The meters of an imported table: from a file of their own, or from the readings alone."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from metrify.errors import ReadingsError
from metrify.readings.places import FEEDER_COLUMN, STATION_COLUMN
from metrify.readings.sources.table_cells import read_names
from metrify.readings.sources.table_faults import refuse_rows
from metrify.readings.sources.table_file import column_names, read_columns
from metrify.readings.static_values import category_texts

METER_COLUMNS = ("meter_id", "group", "district", STATION_COLUMN, FEEDER_COLUMN)
_NO_DISTRICT = ""


def read_meters(
    path: Path | None, titles: Mapping[str, str], further: Mapping[str, str], metered: np.ndarray
) -> tuple[pd.DataFrame, list[str]]:
    """The meters that have readings.

    Args:
        path: CSV or Parquet file; without it, or without one of its columns group and district, each meter is a group
            of its own in no district.
        titles: Our column name to the file's. The file may call the meter as the readings do, or `meter_id`.
        further: The same of further columns that are kept.
        metered: `[M]` meters that have readings.

    Returns:
        `meter_id`, `group`, `district`, where the file has them `station_id` and `feeder_id`, and the further columns
        in the order of `metered`, and the meters of the file that have no reading.

    Raises:
        DatasetError: The file is missing or unreadable.
        ReadingsError: A meter is listed twice or not at all, or a cell is empty.
    """
    defaults = pd.DataFrame({"meter_id": metered, "group": metered, "district": _NO_DISTRICT})
    if path is None:
        return defaults, []
    listed = list_meters(path, titles, further)
    unlisted = sorted(set(metered) - set(listed["meter_id"]))
    if unlisted:
        raise ReadingsError(
            f"{path.name} lacks {len(unlisted)} of the {len(metered)} meters that have readings, for instance "
            f"{unlisted[0]!r}.",
            "Add them, or import without `--meters`.",
        )
    kept = listed.set_index("meter_id").loc[list(metered)].reset_index()
    silent = listed.loc[~listed["meter_id"].isin(metered), "meter_id"].tolist()
    return defaults.assign(**{name: kept[name] for name in kept.columns}), silent


def list_meters(path: Path, titles: Mapping[str, str], further: Mapping[str, str]) -> pd.DataFrame:
    """What a meters file says: `meter_id`, those of the other columns that it has, and the further ones.

    Cells of further columns may be empty; they are texts, and None where nothing is known.

    Raises:
        DatasetError: The file is missing or unreadable.
        ReadingsError: A meter is listed twice, a further column is lacking, or a cell of another one is empty.
    """
    columns = _columns(path, titles)
    table = read_columns(path, columns, optional=METER_COLUMNS[1:])
    cells = {name: read_names(path.name, table[name], columns[name]) for name in table.column_names}
    if further:
        values = read_columns(path, further, may_be_named=False)
        cells |= {name: category_texts(values[name].to_pandas()) for name in further}
        for name in further:
            cells[name][cells[name] == ""] = None
    listed = pd.DataFrame(cells)
    again = listed["meter_id"].duplicated().to_numpy()
    refuse_rows(path.name, again, "a meter that an earlier row has", cells["meter_id"], "Keep one row of each meter.")
    return listed


def _columns(path: Path, titles: Mapping[str, str]) -> dict[str, str]:
    columns = {name: titles[name] for name in METER_COLUMNS}
    return columns if columns["meter_id"] in column_names(path) else {**columns, "meter_id": "meter_id"}
