"""The verdicts as a folder of three tables, whose schemas are checked whenever they leave or enter the room."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrors

from metrify.config.schema import FAULT_NAMES
from metrify.errors import DatasetError
from metrify.readings.quality.days import VERDICTS

METERS_FILE, DAYS_FILE, QUARANTINE_FILE = "meters.parquet", "days.parquet", "quarantine.parquet"

_SHARE = pa.Check.in_range(0, 1)
_COUNT = pa.Check.ge(0)

METERS_SCHEMA = pa.DataFrameSchema(
    {
        "meter_id": pa.Column(str, unique=True),
        "coverage": pa.Column(float, checks=_SHARE),
        "mean_kwh": pa.Column(float),
        "quarantined": pa.Column("int64", checks=_COUNT),
        "accepted": pa.Column(bool),
        "is_new": pa.Column(bool),
        "reasons": pa.Column(str),
    },
    strict=True,
)
DAYS_SCHEMA = pa.DataFrameSchema(
    {
        "meter_id": pa.Column(str),
        "day": pa.Column("datetime64[ms]"),
        "expected": pa.Column("int32", checks=pa.Check.gt(0)),
        "present": pa.Column("int32", checks=_COUNT),
        "quarantined": pa.Column("int32", checks=_COUNT),
        "coverage": pa.Column(float, checks=_SHARE),
        "longest_gap_hours": pa.Column(float, checks=_COUNT),
        **{name: pa.Column("int32", checks=_COUNT) for name in FAULT_NAMES},
        "verdict": pa.Column(str, checks=pa.Check.isin(VERDICTS)),
        "reasons": pa.Column(str),
    },
    strict=True,
)
QUARANTINE_SCHEMA = pa.DataFrameSchema(
    {
        "meter_id": pa.Column(str),
        "timestamp": pa.Column("datetime64[us, UTC]"),
        "kwh": pa.Column("float32"),
        "reason": pa.Column(str, checks=pa.Check.str_length(min_value=1)),
        "released": pa.Column(bool),
    },
    strict=True,
)
_SCHEMAS = {METERS_FILE: METERS_SCHEMA, DAYS_FILE: DAYS_SCHEMA, QUARANTINE_FILE: QUARANTINE_SCHEMA}


@dataclass(frozen=True)
class QualityVerdicts:
    """What was found of a dataset.

    Attributes:
        meters: One row a meter, see `judge_meters`.
        days: One row a meter and local day, see `judge_days`.
        quarantine: One row a reading that a rule caught, see `list_quarantine`.
    """

    meters: pd.DataFrame
    days: pd.DataFrame
    quarantine: pd.DataFrame


def write_verdicts(verdicts: QualityVerdicts, folder: Path) -> None:
    """Writes the three tables into a folder, which is made where it is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    tables = (verdicts.meters, verdicts.days, verdicts.quarantine)
    for (name, schema), table in zip(_SCHEMAS.items(), tables, strict=True):
        schema.validate(table).to_parquet(folder / name, index=False, compression="zstd")


def read_verdict_table(folder: Path, name: str) -> pd.DataFrame:
    """Reads one of the tables, since most readers need the small ones alone.

    Args:
        folder: Folder of `write_verdicts`.
        name: `METERS_FILE`, `DAYS_FILE` or `QUARANTINE_FILE`.

    Raises:
        DatasetError: It is missing, unreadable or breaks its schema.
    """
    try:
        return _SCHEMAS[name].validate(pd.read_parquet(folder / name), lazy=True)
    except (OSError, ValueError, SchemaErrors) as error:
        reason = " ".join(str(error).split())[:200]
        raise DatasetError(
            f"The verdicts {folder / name} can't be read: {reason}.", "Validate the readings again."
        ) from error
