"""The meters of an import: codes for the numbers of the file, ids for what is kept."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from metrify.errors import ReadingsError
from metrify.readings.dataset import METERS_FILE
from metrify.readings.sources.table_meters import list_meters, read_meters
from metrify.readings.sources.table_source import TableSource

Rename = Callable[[Sequence[str]], list[str]]
_LIKE_A_NUMBER = re.compile(r"[\d\s.-]{8,}")  # meter numbers, such as those of 13 digits, and no name of a group


class MeterCodes:
    """Codes of meters in the order in which they turn up, by the number in the file; two may have one id.

    Args:
        rename: From meter numbers to the ids that are kept.
    """

    def __init__(self, rename: Rename) -> None:
        self._rename = rename
        self._code_of_number: dict[str, int] = {}
        self.numbers: list[str] = []
        self.ids: list[str] = []

    def codes(self, numbers: np.ndarray) -> np.ndarray:
        """Codes of some rows, `[N]` int32."""
        local, distinct = pd.factorize(numbers)
        new = [number for number in distinct if number not in self._code_of_number]
        for number, meter_id in zip(new, self._rename(new), strict=True):
            self._code_of_number[number] = len(self.ids)
            self.numbers.append(number)
            self.ids.append(meter_id)
        return np.array([self._code_of_number[number] for number in distinct], np.int32)[local]


def meters_table(
    source: TableSource, metered: list[str], known: Path | None, rename: Rename
) -> tuple[pd.DataFrame, int]:
    """The meters of a dataset and of a file that is added to it, by id and without a meter number anywhere.

    Args:
        source: The file.
        metered: Numbers of its meters that have a reading.
        known: Folder of the dataset; None begins a new one.
        rename: From meter numbers to the ids that are kept.

    Returns:
        `meter_id`, `group`, `district` and what else is known of meters; and how many meters of the meters file have
        no row in the file or the dataset. Of a meter that is known, the row of the meters file counts; without one,
        what is known.

    Raises:
        DatasetError: A file is missing or unreadable.
        ReadingsError: The meters file does not fit.
    """
    numbers = np.array(metered, dtype=object)
    listed, silent = read_meters(source.meters, source.titles, source.meter_columns, numbers)
    ids = _ids([*metered, *silent], known, rename)
    _refuse_meter_numbers(source, listed, ids, rename)
    renamed = _renamed(listed, ids, rename)
    table = _with_known(renamed, known, source.meters is not None)
    return table, len(set(rename(silent)) - set(table["meter_id"]))


def relisted_meters(source: TableSource, known: Path, rename: Rename) -> pd.DataFrame:
    """The meters of a dataset, with what a meters file says of those that it lists.

    Raises:
        DatasetError: The file is missing or unreadable.
        ReadingsError: It does not fit.
    """
    assert source.meters is not None
    listed = list_meters(source.meters, source.titles, source.meter_columns)
    ids = _ids(listed["meter_id"].tolist(), known, rename)
    _refuse_meter_numbers(source, listed, ids, rename)
    table = _renamed(listed, ids, rename)
    before = pd.read_parquet(known / METERS_FILE)
    return _with_known(table[table["meter_id"].isin(before["meter_id"])], known, True)


def _ids(numbers: list[str], known: Path | None, rename: Rename) -> set[str]:
    """Ids of the meters that the files or the dataset know."""
    return {*rename(numbers), *(pd.read_parquet(known / METERS_FILE)["meter_id"] if known else [])}


def _refuse_meter_numbers(source: TableSource, listed: pd.DataFrame, ids: set[str], rename: Rename) -> None:
    """Refuses further columns that name meters, such as a second column of their numbers."""
    for column in source.meter_columns if source.meters else ():
        if not ids.isdisjoint(rename(listed[column].dropna().unique().tolist())):
            raise ReadingsError(
                f"The column {source.meter_columns[column]!r} holds meter numbers.",
                "Leave it out: `--meter-column` is for what meters have in common.",
            )


def _renamed(meters: pd.DataFrame, ids: set[str], rename: Rename) -> pd.DataFrame:
    """Ids for numbers, also where one names a group: a number that the files or the dataset know, or what looks so."""
    groups = [str(group) for group in meters["group"].unique()] if "group" in meters else []
    of_group = {
        group: meter_id if meter_id in ids or _LIKE_A_NUMBER.fullmatch(group) else group
        for group, meter_id in zip(groups, rename(groups), strict=True)
    }
    renamed = meters.assign(meter_id=rename(meters["meter_id"].tolist()))
    if groups:
        renamed["group"] = meters["group"].map(of_group)
    return renamed.drop_duplicates("meter_id")


def _with_known(listed: pd.DataFrame, known: Path | None, replace: bool) -> pd.DataFrame:
    """Both together; a column that only one of them has, such as `feeder_id`, keeps what is known in it."""
    if known is None:
        return listed
    before = pd.read_parquet(known / METERS_FILE)
    first, second = (listed, before) if replace else (before, listed)
    joined = first.set_index("meter_id").combine_first(second.set_index("meter_id")).reset_index()
    return joined[list(dict.fromkeys([*first, *second]))]
