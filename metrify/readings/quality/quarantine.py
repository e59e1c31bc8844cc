"""Quarantine: readings that are kept out, each with its reason. They stay in the dataset, and in a table beside it."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from metrify.readings.matrix import ReadingsMatrix
from metrify.readings.quality.faults import Fault, describe_faults, fault_name


def list_quarantine(
    matrix: ReadingsMatrix,
    faults: np.ndarray,
    caught: np.ndarray,
    quarantined: np.ndarray,
    wrong_stamps: Mapping[Fault, pd.DataFrame],
) -> pd.DataFrame:
    """The readings that a rule caught, also those that were released.

    Args:
        matrix: Readings `[M, T]`.
        faults: `[M, T]` bits of `Fault`.
        caught: `[M, T]` mask of the readings that a rule catches.
        quarantined: `[M, T]` mask of those among them that no release lets through.
        wrong_stamps: Readings that are not in the matrix, by their fault; nothing releases them.

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
    apart = [
        readings[["meter_id", "timestamp", "kwh"]].assign(reason=fault_name(fault), released=False)
        for fault, readings in wrong_stamps.items()
        if len(readings)
    ]
    if not apart:
        return past
    return pd.concat([past, *apart], ignore_index=True).sort_values(["meter_id", "timestamp"], ignore_index=True)


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
