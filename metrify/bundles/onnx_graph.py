"""Runs an ONNX graph. Evaluation, batches and the predictor share it, so what is judged is what is served."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnxruntime

ROWS_OF_INFERENCE = 128  # what it works on stays in the processor's cache


class OnnxGraph:
    """A loaded graph.

    Args:
        path: The ONNX file.
        threads: Threads of one inference.
    """

    def __init__(self, path: Path, threads: int = 1) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self.input_names = tuple(tensor.name for tensor in self._session.get_inputs())
        self.output_names = tuple(tensor.name for tensor in self._session.get_outputs())

    @property
    def metadata(self) -> dict[str, str]:
        """What the file says beside the graph."""
        return self._session.get_modelmeta().custom_metadata_map

    def run(self, features: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The outputs by name, `[N, ...]`, from arrays by input name, `[N, ...]` float32 each."""
        values = self._session.run(self.output_names, {name: features[name] for name in self.input_names})
        return dict(zip(self.output_names, values, strict=True))

    def run_in_batches(
        self, features: Mapping[str, np.ndarray], batch_size: int = ROWS_OF_INFERENCE
    ) -> dict[str, np.ndarray]:
        """The same for any number of rows, in bounded memory."""
        rows = len(features[self.input_names[0]])
        parts = [
            self.run({name: features[name][start : start + batch_size] for name in self.input_names})
            for start in range(0, rows, batch_size)
        ]
        return {name: np.concatenate([part[name] for part in parts]) for name in self.output_names}
