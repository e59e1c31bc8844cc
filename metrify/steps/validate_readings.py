"""Judges the meters of a dataset."""

from pathlib import Path

from metrify.config import Home, MetrifyConfig
from metrify.errors import DatasetError
from metrify.readings.dataset import read_dataset
from metrify.readings.matrix import to_matrix
from metrify.readings.quality import judge_meters
from metrify.readings.schema import check_readings
from metrify.steps.reuse import NETWORK_PARAMETERS, SERVING_SECTIONS, reusable


@reusable(outputs=("output",), ignores=(*SERVING_SECTIONS, *NETWORK_PARAMETERS))
def validate_readings(dataset: Path, output: Path, config: MetrifyConfig, home: Home | None = None) -> dict[str, float]:
    """Writes one verdict a meter.

    Args:
        dataset: Dataset folder.
        output: Parquet file to write, see `judge_meters`.
        config: Thresholds.
        home: Where results of earlier runs are kept.

    Returns:
        How many meters were accepted and rejected.

    Raises:
        DatasetError: The readings break their contract, or no meter is good enough.
    """
    loaded = read_dataset(dataset)
    matrix = to_matrix(check_readings(loaded.readings), loaded.info.resolution_minutes)
    verdicts = judge_meters(matrix, config.quality)
    accepted = int(verdicts["accepted"].sum())
    if not accepted:
        raise DatasetError("No meter is good enough to train on.", "Look at the reasons, or relax the quality section.")
    verdicts.to_parquet(output, index=False)
    return {"accepted": accepted, "rejected": len(verdicts) - accepted}
