"""Puts the calibration of intervals into a model's graph, so that what is served is calibrated."""

from pathlib import Path

import numpy as np
import onnx
from onnx import helper, numpy_helper

from metrify.errors import ForecastError
from metrify.forecasting.intervals import IntervalCalibration

_RAW = "uncalibrated_kwh"


def calibrate_graph(path: Path, calibration: IntervalCalibration) -> None:
    """Appends `IntervalCalibration.apply` to the graph in a file; its output keeps its name.

    Args:
        path: An ONNX file whose only output is quantiles `[N, H, Q]`.
        calibration: Without offsets, which need a scale that a graph does not give.

    Raises:
        ForecastError: The calibration has offsets.
    """
    if calibration.offset.any():
        raise ForecastError("An additive calibration has no place in a graph.", "Calibrate by multiplicative factors.")
    model = onnx.load(str(path))
    graph = model.graph
    output = graph.output[0].name
    for node in graph.node:
        node.output[:] = [_RAW if name == output else name for name in node.output]
        node.input[:] = [_RAW if name == output else name for name in node.input]
    levels, middle = len(calibration.levels), calibration.levels.index(0.5)
    factor = calibration.factor.astype(np.float32)
    graph.initializer.append(numpy_helper.from_array(factor, "interval_factor"))
    graph.initializer.append(numpy_helper.from_array(np.ones(levels, np.int64), "one_level_each"))
    scaled = ["offset_from_median", "scaled_offset", "crossing_kwh"]
    columns = [f"level_{place}" for place in range(levels)]
    graph.initializer.append(numpy_helper.from_array(np.array([middle], np.int64), "median_level"))
    graph.node.extend(
        [
            helper.make_node("Gather", [_RAW, "median_level"], ["median_kwh"], axis=2),
            helper.make_node("Sub", [_RAW, "median_kwh"], [scaled[0]]),
            helper.make_node("Mul", [scaled[0], "interval_factor"], [scaled[1]]),
            helper.make_node("Add", ["median_kwh", scaled[1]], [scaled[2]]),
            helper.make_node("Split", [scaled[2], "one_level_each"], columns, axis=2),
        ]
    )
    for place in range(middle + 1, levels):
        columns[place] = _outwards(graph, "Max", columns[place], columns[place - 1])
    for place in range(middle - 1, -1, -1):
        columns[place] = _outwards(graph, "Min", columns[place], columns[place + 1])
    last = "rising_kwh" if calibration.non_negative else output
    graph.node.append(helper.make_node("Concat", columns, [last], axis=2))
    if calibration.non_negative:
        graph.node.append(helper.make_node("Relu", [last], [output]))
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


def _outwards(graph: onnx.GraphProto, operator: str, outer: str, inner: str) -> str:
    """Moves an outer quantile out to the inner one where it crosses it."""
    moved = f"{outer}_moved"
    graph.node.append(helper.make_node(operator, [outer, inner], [moved]))
    return moved
