"""Writes a Keras model as ONNX."""

import logging
from pathlib import Path

import keras
import onnx


def export_onnx(model: keras.Model, path: Path) -> None:
    """Writes the model's graph; its input and output names are those of the Keras model.

    Args:
        model: A built functional model with one named output layer.
        path: The file to write.
    """
    logging.getLogger("tf2onnx").setLevel(logging.ERROR)
    model(model.inputs)  # Keras exports no model that was never called
    model.export(str(path), format="onnx", verbose=False)
    graph = onnx.load(str(path))
    produced, wanted = graph.graph.output[0].name, model.layers[-1].name
    for node in graph.graph.node:
        node.input[:] = [wanted if name == produced else name for name in node.input]
        node.output[:] = [wanted if name == produced else name for name in node.output]
    graph.graph.output[0].name = wanted
    onnx.checker.check_model(graph)
    onnx.save(graph, str(path))
