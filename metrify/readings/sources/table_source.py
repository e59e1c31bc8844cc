"""Where a table lies and what its cells mean."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import available_timezones

import holidays

from metrify.errors import ReadingsError
from metrify.readings.schema import READINGS_COLUMNS
from metrify.readings.sources.table_meters import METER_COLUMNS
from metrify.units import ENERGY_UNITS, intervals_per_day, kwh_factor

VERSION_COLUMN = "version"
_COLUMNS = (*READINGS_COLUMNS, VERSION_COLUMN, *METER_COLUMNS[1:])
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")


@dataclass(frozen=True)
class TableSource:
    """Where a table lies and what its cells mean.

    Attributes:
        path: CSV or Parquet file with one reading a row.
        name: Name of the dataset.
        columns: Our column name (meter_id, timestamp, kwh, version, group, district, station_id, feeder_id) to the
            file's, where they differ. The file has versions if it is told which column they are in.
        timezone: IANA name of the local time of the calendar, and of stamps that have no offset.
        unit: Unit of the values, one of `metrify.units.UNITS`.
        resolution_minutes: Length of an interval.
        country: ISO 3166 code whose public holidays count.
        licence: Under what terms the readings may be used.
        citation: How to cite them.
        meters: CSV or Parquet file of `meter_id`, and `group`, `district`, `station_id` and `feeder_id` if it has them.
            Without it each meter is a group of its own in no district.
        meter_columns: Our name to the file's of further columns of the meters file that are kept, such as `tariff`.
        weather: CSV or Parquet file of the weather, see `metrify.readings.sources.table_weather`.
        grid_status: CSV or Parquet file of the feeders' status, see `metrify.readings.sources.table_grid_status`.
        labels: CSV or Parquet file of what was wrong with meters, see `metrify.readings.sources.table_labels`.
        is_register: Whether the values are those of a register that counts up, and not of intervals.
        register_digits: Digits before the decimal point of the register's display, in the values' unit, after which it
            begins again at 0; None where it never does.
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
    meter_columns: Mapping[str, str] = field(default_factory=dict)
    weather: Path | None = None
    grid_status: Path | None = None
    labels: Path | None = None
    is_register: bool = False
    register_digits: int | None = None

    @property
    def titles(self) -> dict[str, str]:
        """Our name of every column to the file's."""
        return {name: self.columns.get(name, name) for name in _COLUMNS}

    @property
    def has_versions(self) -> bool:
        """Whether the rows say of which version they are."""
        return VERSION_COLUMN in self.columns

    @property
    def register_range_kwh(self) -> float | None:
        """Where a register begins again at 0; None where it never does."""
        return None if self.register_digits is None else 10.0**self.register_digits * self.kwh_factor()

    def kwh_factor(self) -> float:
        """What a value is multiplied by to become kWh: of an interval, or of the register.

        Raises:
            ReadingsError: The unit is unknown, or none that a register counts in.
        """
        if not self.is_register:
            return kwh_factor(self.unit, self.resolution_minutes)
        if self.unit not in ENERGY_UNITS:
            raise ReadingsError(
                f"A register counts energy, not {self.unit}.",
                f"Use one of {', '.join(ENERGY_UNITS)} with `--register`.",
            )
        return kwh_factor(self.unit, self.resolution_minutes)

    def check_options(self) -> None:
        """Checks what can be known to be wrong before a file is opened.

        Raises:
            ReadingsError: A column that a dataset does not have, a further one of meters that it does have or that
                can't be named so, an unknown unit, time zone or country, or a resolution that does not divide a day.
        """
        self._check_columns()
        intervals_per_day(self.resolution_minutes)
        self.kwh_factor()
        if self.timezone not in available_timezones():
            raise ReadingsError(
                f"Unknown time zone {self.timezone!r}.", "Use an IANA name such as Europe/London or UTC."
            )
        if self.country not in holidays.list_supported_countries():
            raise ReadingsError(
                f"No public holidays are known of the country {self.country!r}.",
                "Use an ISO 3166 code such as GB or DE.",
            )

    def _check_columns(self) -> None:
        unknown = sorted(set(self.columns) - set(_COLUMNS))
        if unknown:
            raise ReadingsError(
                f"There is no column {', '.join(map(repr, unknown))} in a dataset; it has {', '.join(_COLUMNS)}.",
                "Write our name first, for instance `--column meter_id=MPAN`.",
            )
        for name in self.meter_columns:
            if name in _COLUMNS:
                raise ReadingsError(
                    f"{name} is no further column of meters: every dataset has it.",
                    f"Leave it out; `--column {name}=...` says what the file calls it.",
                )
            if not _NAME.fullmatch(name):
                raise ReadingsError(
                    f"{name!r} can't name a column of meters.",
                    "Use letters, digits and underscores, and write the file's name second: "
                    "`--meter-column 'tariff=Tariff code'`.",
                )
