"""The accepted meters of a dataset as a matrix, which several steps begin with."""

from pathlib import Path

import pandas as pd

from metrify.readings.dataset import DatasetInfo, read_dataset
from metrify.readings.matrix import ReadingsMatrix, to_matrix


def load_accepted_readings(dataset: Path, verdicts: Path) -> tuple[DatasetInfo, pd.DataFrame, ReadingsMatrix]:
    """Reads what the verdicts let through.

    Args:
        dataset: Dataset folder.
        verdicts: File of `validate_readings`.

    Returns:
        The description, the accepted meters in the matrix's order, and their readings.
    """
    loaded = read_dataset(dataset)
    verdict = pd.read_parquet(verdicts)
    accepted = verdict.loc[verdict["accepted"], "meter_id"]
    readings = loaded.readings[loaded.readings["meter_id"].isin(accepted)]
    matrix = to_matrix(readings, loaded.info.resolution_minutes)
    meters = loaded.meters.set_index("meter_id").loc[list(matrix.meter_ids)].reset_index()
    return loaded.info, meters, matrix
