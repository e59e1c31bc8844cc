"""The model as it was before its intervals were calibrated, taken out of the graph that is served."""

from pathlib import Path

import onnx

UNCALIBRATED = "uncalibrated_kwh"  # what `metrify.forecasting.training.calibrate_graph` calls the quantiles it takes


def write_uncalibrated(path: Path, target: Path) -> bool:
    """Writes a calibrated graph without its calibration.

    Args:
        path: The graph.
        target: The file to write.

    Returns:
        Whether the graph holds a calibration; if it holds none, nothing is written.
    """
    model = onnx.load(str(path))
    if not any(UNCALIBRATED in node.output for node in model.graph.node):
        return False
    model.graph.output[0].name = UNCALIBRATED  # what follows is left hanging, and ONNX Runtime drops it
    onnx.save(model, str(target))
    return True
