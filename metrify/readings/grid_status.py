"""The contract of the grid's status: how heavily feeders were loaded, and how high their voltage was.

A row is a feeder and the start of an interval. It is measured, so it is known when the interval is over.
"""

import numpy as np
import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrors

from metrify.errors import ReadingsError
from metrify.readings.broken_contract import broken_places
from metrify.readings.known import KnownGridStatus, known_before
from metrify.readings.own_intervals import own_ends
from metrify.readings.places import FEEDER_COLUMN, iterate_places

GRID_STATUS_FILE = "grid_status.parquet"
GRID_QUANTITIES = ("loading_percent", "voltage_pu")
GRID_STATUS_COLUMNS = (FEEDER_COLUMN, "timestamp", *GRID_QUANTITIES)
MAX_VOLTAGE_PU = 2.0  # no feeder is ever near it; higher values are volts

_finite = pa.Check(np.isfinite, name="is finite", error="is finite")
GRID_STATUS_SCHEMA = pa.DataFrameSchema(
    {
        "feeder_id": pa.Column(str, nullable=False),
        "timestamp": pa.Column("datetime64[us, UTC]", nullable=False),
        "loading_percent": pa.Column(np.float32, _finite, nullable=True),
        "voltage_pu": pa.Column(np.float32, pa.Check.in_range(0, MAX_VOLTAGE_PU), nullable=True),
    },
    unique=["feeder_id", "timestamp"],
    strict=True,
)


def check_grid_status(status: pd.DataFrame) -> pd.DataFrame:
    """Returns the grid status if it keeps the contract.

    Args:
        status: `feeder_id`, `timestamp` (UTC, start of the interval), `loading_percent` of rated power and
            `voltage_pu`, both float32 and NaN where not measured.

    Raises:
        ReadingsError: It names each column and what is wrong with it.
    """
    try:
        return GRID_STATUS_SCHEMA.validate(status, lazy=True)
    except SchemaErrors as error:
        raise ReadingsError(
            f"The grid status breaks its contract in {broken_places(error)}.",
            "Mend the source or the import options; voltages are per unit of the nominal one.",
        ) from error


def grid_status_known_for(
    status: pd.DataFrame,
    feeders: np.ndarray,
    origins: np.ndarray,
    lookback: int,
    step_minutes: int,
    delay_minutes: int = 0,
) -> KnownGridStatus:
    """What was known at forecast origins of the status of each row's own feeder.

    Args:
        status: Rows of any feeders that keep the contract.
        feeders: `[N]` the feeder of each row; NaN all over where nothing is known of it.
        origins: `[N]` datetime64, UTC.
        lookback: Intervals before the origin.
        step_minutes: Length of an interval of the readings; longer ones of the status hold for each of theirs.
        delay_minutes: From the end of an interval until its values have arrived.

    Raises:
        ReadingsError: A feeder's status is not of whole multiples of the readings' intervals.
    """
    step, delay = np.timedelta64(step_minutes, "m"), np.timedelta64(delay_minutes, "m")
    known = np.full((len(origins), lookback, len(GRID_QUANTITIES)), np.nan, np.float32)
    for place in iterate_places(status, FEEDER_COLUMN, feeders, origins):
        times = place.frame["timestamp"].dt.tz_localize(None).to_numpy("datetime64[us]")
        values = place.frame[list(GRID_QUANTITIES)].to_numpy(np.float32)
        ends = own_ends("The grid status", times, step_minutes)
        of_place = known_before(times, ends, values, place.origins, lookback, step, delay)
        known[place.rows] = of_place[place.origin_of]
    return KnownGridStatus(known[..., 0], known[..., 1])
