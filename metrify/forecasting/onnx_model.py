"""Runs an exported forecaster. Evaluation and the predictor share it, so what is judged is what is served."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnxruntime

from metrify.forecasting.expected_load import ExpectedLoad, expected_load_of


class OnnxModel:
    """A loaded ONNX graph with one output.

    Args:
        path: The graph.
        threads: Threads of one inference.
    """

    def __init__(self, path: Path, threads: int = 1) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    @property
    def input_names(self) -> tuple[str, ...]:
        """Names of the graph's inputs."""
        return tuple(tensor.name for tensor in self._session.get_inputs())

    @property
    def expected_load(self) -> ExpectedLoad | None:
        """Makes means of the quantiles, for sums over meters; None where the file has no weights."""
        return expected_load_of(self._session.get_modelmeta().custom_metadata_map)

    def predict(self, features: Mapping[str, np.ndarray]) -> np.ndarray:
        """Quantiles `[N, H, Q]` in kWh from arrays by input name, `[N, ...]` float32 each."""
        return self._session.run(None, {name: features[name] for name in self.input_names})[0]

    def predict_in_batches(self, features: Mapping[str, np.ndarray], batch_size: int = 512) -> np.ndarray:
        """The same for any number of rows, in bounded memory."""
        rows = len(features[self.input_names[0]])
        batches = [
            self.predict({name: features[name][start : start + batch_size] for name in self.input_names})
            for start in range(0, rows, batch_size)
        ]
        return np.concatenate(batches)
