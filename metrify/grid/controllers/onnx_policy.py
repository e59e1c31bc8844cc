"""A policy from a file: the graph that training wrote, whatever learnt it."""

from pathlib import Path

import numpy as np

from metrify.bundles.onnx_graph import OnnxGraph
from metrify.errors import GridError

VIEW, ACTION = "view", "action"  # the graph's input and output


class OnnxPolicy:
    """From the view of a step to the numbers of `ActionLayout`, see `Policy`.

    Args:
        path: The ONNX file.
        view_size: Of the feeder's views.
        action_size: Of its actions.

    Raises:
        GridError: The graph is none of a policy of the feeder.
    """

    def __init__(self, path: Path, view_size: int, action_size: int) -> None:
        self._graph = OnnxGraph(path)
        if self._graph.input_names != (VIEW,) or ACTION not in self._graph.output_names:
            raise GridError(f"{path} is no policy.", "Train one: `metrify train --models grid`.")
        found = self.act(np.zeros(view_size, np.float32)).shape
        if found != (action_size,):
            raise GridError(
                f"The policy {path} gives {found} numbers, and the feeder has {action_size} setpoints.",
                "Train it on this feeder: `metrify train --models grid`.",
            )

    def act(self, view: np.ndarray) -> np.ndarray:
        """See `Policy`."""
        return self._graph.run({VIEW: view[None]})[ACTION][0]
