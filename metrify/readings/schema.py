"""The readings contract: `meter_id`, `timestamp` (UTC, start of the interval) and `kwh` per interval."""

import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrors

from metrify.errors import ReadingsError

READINGS_COLUMNS = ("meter_id", "timestamp", "kwh")
LARGEST_KWH = 1e6  # in an interval; more is a wrong unit, not a load

READINGS_SCHEMA = pa.DataFrameSchema(
    {
        "meter_id": pa.Column(str, nullable=False),
        "timestamp": pa.Column("datetime64[us, UTC]", nullable=False),
        "kwh": pa.Column("float32", nullable=False, checks=pa.Check.in_range(-LARGEST_KWH, LARGEST_KWH)),
    },
    unique=["meter_id", "timestamp"],
    strict=True,
)


def check_readings(readings: pd.DataFrame) -> pd.DataFrame:
    """Returns the readings if they keep the contract.

    Args:
        readings: A frame with the columns of `READINGS_COLUMNS`.

    Raises:
        ReadingsError: It names each column and what is wrong with it.
    """
    missing = [column for column in READINGS_COLUMNS if column not in readings]
    if missing:
        raise ReadingsError(
            f"The readings lack the column(s) {', '.join(missing)}; they have {', '.join(map(str, readings.columns))}.",
            "Rename them on import, for instance `--column meter_id=MPAN`.",
        )
    try:
        return READINGS_SCHEMA.validate(readings[list(READINGS_COLUMNS)], lazy=True)
    except SchemaErrors as error:
        cases = error.failure_cases
        reasons = {f"{case.column or 'rows'}: {case.check}" for case in cases.itertuples()}
        raise ReadingsError(
            f"The readings break their contract in {len(cases)} place(s): {'; '.join(sorted(reasons))}.",
            "Mend the source or the import options.",
        ) from error
