"""Quarantine: readings that are kept out, each with its reason. They stay in the dataset, and in a table beside it."""

import numpy as np
import pandas as pd

from metrify.readings.matrix import ReadingsMatrix
from metrify.readings.quality.faults import Fault, describe_faults, fault_name


def split_future(
    readings: pd.DataFrame, now: pd.Timestamp, resolution_minutes: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Parts the readings whose interval is over from those that nobody can have measured yet.

    They are parted before the readings become a matrix: one stamp of the year 2099 would make its time axis 70 years
    long.

    Args:
        readings: Readings that keep their contract.
        now: When they are judged, UTC.
        resolution_minutes: Length of an interval.

    Returns:
        The readings of the past and those of the future.
    """
    future = readings["timestamp"] > now - pd.Timedelta(minutes=resolution_minutes)
    return readings[~future], readings[future]


def list_quarantine(
    matrix: ReadingsMatrix, faults: np.ndarray, caught: np.ndarray, quarantined: np.ndarray, future: pd.DataFrame
) -> pd.DataFrame:
    """The readings that a rule caught, also those that were released.

    Args:
        matrix: Readings `[M, T]`.
        faults: `[M, T]` bits of `Fault`.
        caught: `[M, T]` mask of the readings that a rule catches.
        quarantined: `[M, T]` mask of those among them that no release lets through.
        future: Readings of the future, which nothing releases: they become readings when their time has come.

    Returns:
        `meter_id`, `timestamp`, `kwh`, `reason` (all faults of the reading, joined by `+`) and `released`, by meter and
        time.
    """
    rows, columns = np.nonzero(caught)
    past = pd.DataFrame(
        {
            "meter_id": matrix.meter_ids[rows],
            "timestamp": matrix.timestamps.as_unit("us")[columns],
            "kwh": matrix.kwh[rows, columns],
            "reason": describe_faults(faults[rows, columns]),
            "released": ~quarantined[rows, columns],
        }
    )
    if future.empty:
        return past
    later = future[["meter_id", "timestamp", "kwh"]].assign(reason=fault_name(Fault.FUTURE), released=False)
    return pd.concat([past, later], ignore_index=True).sort_values(["meter_id", "timestamp"], ignore_index=True)


def leave_out_quarantined(readings: pd.DataFrame, quarantine: pd.DataFrame) -> pd.DataFrame:
    """The readings without those that are in quarantine and not released.

    Args:
        readings: Readings that keep their contract.
        quarantine: See `list_quarantine`.
    """
    kept_out = quarantine[~quarantine["released"]]
    if kept_out.empty:
        return readings
    meters = pd.Index(kept_out["meter_id"].unique())
    stamps = pd.Index(kept_out["timestamp"].unique())
    # Pairs as whole numbers: comparing pairs of text and time takes seconds for millions of readings.
    return readings[~np.isin(_pairs(readings, meters, stamps), _pairs(kept_out, meters, stamps))]


def _pairs(readings: pd.DataFrame, meters: pd.Index, stamps: pd.Index) -> np.ndarray:
    columns = ((meters, "meter_id"), (stamps, "timestamp"))
    meter, stamp = (names.get_indexer(pd.Index(readings[column])) for names, column in columns)
    return np.where((meter >= 0) & (stamp >= 0), meter * len(stamps) + stamp, -1)
