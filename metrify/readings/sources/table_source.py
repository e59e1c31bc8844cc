"""Where a table lies and what its cells mean."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import available_timezones

import holidays

from metrify.errors import ReadingsError
from metrify.readings.schema import READINGS_COLUMNS
from metrify.readings.sources.table_meters import METER_COLUMNS


@dataclass(frozen=True)
class TableSource:
    """Where a table lies and what its cells mean.

    Attributes:
        path: CSV or Parquet file with one reading a row.
        name: Name of the dataset.
        columns: Our column name (meter_id, timestamp, kwh, group, district) to the file's, where they differ.
        timezone: IANA name of the local time of the calendar, and of stamps that have no offset.
        unit: Unit of the values, one of `metrify.units.UNITS`.
        resolution_minutes: Length of an interval.
        country: ISO 3166 code whose public holidays count.
        licence: Under what terms the readings may be used.
        citation: How to cite them.
        meters: CSV or Parquet file of `meter_id`, and `group` and `district` if it has them. Without it each meter is
            a group of its own in no district.
    """

    path: Path
    name: str
    columns: Mapping[str, str] = field(default_factory=dict)
    timezone: str = "Europe/London"
    unit: str = "kWh"
    resolution_minutes: int = 60
    country: str = "GB"
    licence: str = "not stated"
    citation: str = "not stated"
    meters: Path | None = None

    @property
    def titles(self) -> dict[str, str]:
        """Our name of every column to the file's.

        Raises:
            ReadingsError: A column is named that a dataset does not have.
        """
        ours = (*READINGS_COLUMNS, *METER_COLUMNS[1:])
        unknown = sorted(set(self.columns) - set(ours))
        if unknown:
            raise ReadingsError(
                f"There is no column {', '.join(map(repr, unknown))} in a dataset; it has {', '.join(ours)}.",
                "Write our name first, for instance `--column meter_id=MPAN`.",
            )
        return {name: self.columns.get(name, name) for name in ours}

    def check_place(self) -> None:
        """Checks that clocks and public holidays of the place are known.

        Raises:
            ReadingsError: One of them is not.
        """
        if self.timezone not in available_timezones():
            raise ReadingsError(
                f"Unknown time zone {self.timezone!r}.", "Use an IANA name such as Europe/London or UTC."
            )
        if self.country not in holidays.list_supported_countries():
            raise ReadingsError(
                f"No public holidays are known of the country {self.country!r}.",
                "Use an ISO 3166 code such as GB or DE.",
            )
