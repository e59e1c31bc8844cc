"""The meters of a dataset that are good enough, as a matrix, which several steps begin with."""

from pathlib import Path

import pandas as pd

from metrify.readings.dataset import DatasetInfo, read_dataset
from metrify.readings.matrix import ReadingsMatrix, to_matrix
from metrify.readings.quality.faults import WRONG_STAMPS, Fault, parse_faults
from metrify.readings.quality.quarantine import leave_out_quarantined
from metrify.readings.quality.tables import METERS_FILE, QUARANTINE_FILE, read_verdict_table


def load_accepted_readings(dataset: Path, verdicts: Path) -> tuple[DatasetInfo, pd.DataFrame, ReadingsMatrix]:
    """Reads what the verdicts let through to train on. Readings in quarantine are missing from the matrix.

    Args:
        dataset: Dataset folder.
        verdicts: Folder of `validate_readings`.

    Returns:
        The description, the accepted meters in the matrix's order, and their readings.

    Raises:
        DatasetError: The dataset or the verdicts can't be read.
    """
    return _load(dataset, verdicts, ["accepted"])


def load_served_readings(dataset: Path, verdicts: Path) -> tuple[DatasetInfo, pd.DataFrame, ReadingsMatrix]:
    """Reads the accepted meters and the new ones, which are forecast but not trained on; see `judge_meters`.

    Arguments, results and errors are those of `load_accepted_readings`.
    """
    return _load(dataset, verdicts, ["accepted", "is_new"])


def load_measured_readings(
    dataset: Path, verdicts: Path, accepted_only: bool = True
) -> tuple[DatasetInfo, pd.DataFrame, ReadingsMatrix]:
    """Reads meters as they were measured, faults and all.

    Only readings with a wrong stamp are missing, and zeros that stand for missing readings.

    Args:
        dataset: Dataset folder.
        verdicts: Folder of `validate_readings`.
        accepted_only: Whether meters that are not good enough to train on are left out.

    Results and errors are those of `load_accepted_readings`.
    """
    return _load(dataset, verdicts, ["accepted"] if accepted_only else [], only=WRONG_STAMPS | Fault.MISSING_ZERO)


def _load(
    dataset: Path, verdicts: Path, kinds: list[str], only: Fault | None = None
) -> tuple[DatasetInfo, pd.DataFrame, ReadingsMatrix]:
    """Reads meters without the readings in quarantine, or without those that have one of `only` some faults.

    Meters are those of some kinds, or all of them where no kind is named.
    """
    loaded = read_dataset(dataset)
    verdict = read_verdict_table(verdicts, METERS_FILE)
    chosen = verdict.loc[verdict[kinds].any(axis=1) if kinds else slice(None), "meter_id"]
    readings = loaded.readings[loaded.readings["meter_id"].isin(chosen)]
    quarantine = read_verdict_table(verdicts, QUARANTINE_FILE)
    if only is not None:
        faults = quarantine["reason"].map({reason: parse_faults(reason) for reason in quarantine["reason"].unique()})
        quarantine = quarantine[(faults.astype("int64") & int(only)) != 0]
    matrix = to_matrix(leave_out_quarantined(readings, quarantine), loaded.info.resolution_minutes)
    meters = loaded.meters.set_index("meter_id").loc[list(matrix.meter_ids)].reset_index()
    return loaded.info, meters, matrix
