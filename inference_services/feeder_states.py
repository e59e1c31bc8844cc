"""What is known of a feeder when a plan begins, as tensors, checked against the feeder."""

from dataclasses import dataclass

import numpy as np
from kserve.protocol.infer_type import InferRequest

from inference_services.plan_tensors import PEAK, STORED, TAP, state_inputs
from inference_services.tensors import require_same_rows, typed_tensor
from metrify.errors import InvalidRequestError
from metrify.grid.feeder import Feeder
from metrify.grid.state import State

_FULL_TOLERANCE = 1e-6  # of a capacity: float32 rounds


@dataclass(frozen=True, eq=False)
class FeederStates:
    """What is known of N rows.

    Attributes:
        stored_kwh: `[N, A]` float32 in batteries.
        peak_kw: `[N]` float32, what has flowed in at most before.
        tap_position: `[N]` int32.
    """

    stored_kwh: np.ndarray
    peak_kw: np.ndarray
    tap_position: np.ndarray

    def take(self, rows: np.ndarray) -> "FeederStates":
        """Some rows, by their numbers."""
        return FeederStates(self.stored_kwh[rows], self.peak_kw[rows], self.tap_position[rows])

    def state(self, row: int, feeder: Feeder) -> State:
        """Of one row; loads owe nothing."""
        stored = np.minimum(self.stored_kwh[row].astype(float), feeder.batteries.capacity_kwh)
        return State(stored, np.zeros(len(feeder.load_names)), int(self.tap_position[row]))


def read_states(request: InferRequest, feeder: Feeder, rows: int) -> FeederStates:
    """Reads the inputs; those that are not sent are empty batteries, no peak, and the middle position of the tap.

    Args:
        request: A v2 request.
        feeder: What is connected.
        rows: How many there are to be.

    Raises:
        InvalidRequestError: A type, a shape, or a value that is not possible; the message names it.
    """
    batteries, empty = feeder.batteries, State.empty(feeder)
    values = {
        STORED: np.zeros((rows, len(batteries)), np.float32),
        PEAK: np.zeros(rows, np.float32),
        TAP: np.full(rows, empty.tap, np.int32),
    }
    types = state_inputs(feeder)
    values |= {item.name: typed_tensor(item, *types[item.name]) for item in request.inputs if item.name in types}
    require_same_rows({"the rows": np.zeros(rows), **values})
    for place, name in enumerate(batteries.names):
        most = batteries.capacity_kwh[place] * (1 + _FULL_TOLERANCE)
        _require(values[STORED][:, place], 0, most, f"{STORED} of the battery {name}")
    _require(values[PEAK], 0, float(np.finfo(np.float32).max), PEAK)
    _require(values[TAP], min(feeder.network.taps), max(feeder.network.taps), TAP)
    return FeederStates(values[STORED], values[PEAK], values[TAP])


def _require(values: np.ndarray, least: float, most: float, name: str) -> None:
    outside = values[~((values >= least) & (values <= most))]
    if len(outside):
        raise InvalidRequestError(f"Input {name} is {outside[0]:g}.", f"Send {least:g} to {most:g}.")
