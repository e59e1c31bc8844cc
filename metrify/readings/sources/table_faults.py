"""Faults of a table's rows: counted over the whole file, then told in one line."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from metrify.errors import ReadingsError


@dataclass
class _Found:
    count: int
    row: int
    value: str
    mend: str


class RowFaults:
    """Counts the rows that have a fault, and refuses the file.

    Args:
        file: Its name.
    """

    def __init__(self, file: str) -> None:
        self._file = file
        self._found: dict[str, _Found] = {}

    def add(
        self, faulty: np.ndarray, fault: str, values: Sequence[Any] | np.ndarray, mend: str, rows: np.ndarray
    ) -> None:
        """Notes the rows that have a fault.

        Args:
            faulty: `[N]` which rows have it.
            fault: What they have, with the name of the column.
            values: `[N]` cells, one of which is shown.
            mend: What the user can do.
            rows: `[N]` place of each row in the file, from 0.
        """
        places = np.flatnonzero(faulty)
        if not len(places):
            return
        first = places[np.argmin(rows[places])]
        found = self._found.setdefault(fault, _Found(0, int(rows[first]), _shown(values[first]), mend))
        found.count += len(places)
        if rows[first] < found.row:
            found.row, found.value = int(rows[first]), _shown(values[first])

    def refuse(self) -> None:
        """Refuses the file for the fault that was found first, if there is one.

        Raises:
            ReadingsError: It counts the rows and shows the first.
        """
        for fault, found in self._found.items():
            count = "1 row has" if found.count == 1 else f"{found.count} rows have"
            place = f"for instance {found.value!r} in data row {found.row + 1}"
            raise ReadingsError(f"{self._file}: {count} {fault}, {place}.", found.mend)


def refuse_rows(
    file: str, faulty: np.ndarray, fault: str, values: Sequence[Any] | np.ndarray, mend: str, first_row: int = 0
) -> None:
    """Refuses a file some of whose rows have a fault; see `RowFaults`.

    Args:
        file: Its name.
        faulty: `[N]` which rows have it.
        fault: What they have, with the name of the column.
        values: `[N]` cells, one of which is shown.
        mend: What the user can do.
        first_row: Place of the first of these rows in the file, from 0.

    Raises:
        ReadingsError: There is such a row.
    """
    faults = RowFaults(file)
    faults.add(faulty, fault, values, mend, first_row + np.arange(len(faulty)))
    faults.refuse()


def _shown(value: Any) -> str:
    return str(value.astype("datetime64[s]")) if isinstance(value, np.datetime64) else str(value)
