"""Compiles every pipeline to its IR under `compiled/`."""

from pathlib import Path

from kfp import compiler

from pipelines.anomaly_training import anomaly_training
from pipelines.batch_forecast import batch_forecast
from pipelines.feature_table import feature_table
from pipelines.forecaster_training import forecaster_training
from pipelines.grid_training import grid_training

COMPILED_FOLDER = Path(__file__).parent / "compiled"
PIPELINES = {
    "anomaly_training": anomaly_training,
    "batch_forecast": batch_forecast,
    "feature_table": feature_table,
    "forecaster_training": forecaster_training,
    "grid_training": grid_training,
}


def compile_pipelines(folder: Path = COMPILED_FOLDER) -> list[Path]:
    """Writes the IR of each pipeline; returns the files."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for name, pipeline in PIPELINES.items():
        path = folder / f"{name}.yaml"
        compiler.Compiler().compile(pipeline, str(path))
        files.append(path)
    return files
