"""Runs an exported forecaster."""

from collections.abc import Mapping

import numpy as np

from metrify.bundles.onnx_graph import ROWS_OF_INFERENCE, OnnxGraph
from metrify.forecasting.expected_load import ExpectedLoad, expected_load_of


class OnnxModel(OnnxGraph):
    """A loaded graph with one output, see `OnnxGraph`."""

    @property
    def expected_load(self) -> ExpectedLoad | None:
        """Makes means of the quantiles, for sums over meters; None where the file has no weights."""
        return expected_load_of(self.metadata)

    def predict(self, features: Mapping[str, np.ndarray]) -> np.ndarray:
        """Quantiles `[N, H, Q]` in kWh from arrays by input name, `[N, ...]` float32 each."""
        return self.run(features)[self.output_names[0]]

    def predict_in_batches(self, features: Mapping[str, np.ndarray], batch_size: int = ROWS_OF_INFERENCE) -> np.ndarray:
        """The same for any number of rows, in bounded memory."""
        return self.run_in_batches(features, batch_size)[self.output_names[0]]
