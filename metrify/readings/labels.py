"""The contract of labels: what somebody found to be wrong with meters, and when. Detectors are judged on it.

A row is a meter and a span of time. What kinds there are is no matter of readings: whoever imports labels tells them.
"""

import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrors

from metrify.errors import ReadingsError
from metrify.readings.broken_contract import broken_places

LABELS_FILE = "labels.parquet"
LABEL_KEY = ("meter_id", "start")
UNKNOWN_KIND = ""

LABELS_SCHEMA = pa.DataFrameSchema(
    {
        "meter_id": pa.Column(str, nullable=False),
        "start": pa.Column("datetime64[us, UTC]", nullable=False),
        "end": pa.Column("datetime64[us, UTC]", nullable=False),
        "kind": pa.Column(str, nullable=False),
    },
    checks=pa.Check(lambda labels: labels["start"] < labels["end"], name="ends after its start"),
    unique=list(LABEL_KEY),
    strict=True,
)


def check_labels(labels: pd.DataFrame) -> pd.DataFrame:
    """Returns labels if they keep the contract.

    Args:
        labels: `meter_id`, `start` and `end` (UTC, exclusive), and `kind`, empty where it is not known.

    Raises:
        ReadingsError: It names each column and what is wrong with it.
    """
    try:
        return LABELS_SCHEMA.validate(labels, lazy=True)
    except SchemaErrors as error:
        raise ReadingsError(
            f"The labels break their contract in {broken_places(error)}.", "Mend the source or the import options."
        ) from error
