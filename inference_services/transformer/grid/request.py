"""What a client asks of a feeder's controller."""

from dataclasses import dataclass

import numpy as np
from kserve.protocol.infer_type import InferRequest

from inference_services.feeder_states import FeederStates, read_states
from inference_services.plan_tensors import STATE_INPUTS
from inference_services.tensors import require_inputs, string_tensor
from inference_services.transformer.forecast.request import ORIGIN_INPUT, parse_instant
from inference_services.transformer.requests import read_flag, read_own_input
from metrify.errors import InvalidRequestError, UnknownFeederError
from metrify.grid.feeder import Feeder

FEEDER_INPUT = "feeder_id"
_MOST_ROWS = 32  # a plan takes a fifth of a second


@dataclass(frozen=True, eq=False)
class FeederRequest:
    """The rows of a request that can be answered.

    Attributes:
        feeders: `[N]` names, all of which are the feeder's.
        states: What is known of them.
        origins: `[N]` datetime64[s] UTC, or None for the newest.
        refused: `{"feeder_id", "reason"}` of each row that is left out.
    """

    feeders: list[str]
    states: FeederStates
    origins: np.ndarray | None
    refused: list[dict[str, str]]


def parse_request(request: InferRequest, feeder: Feeder) -> FeederRequest:
    """Reads a v2 request.

    Args:
        request: The request.
        feeder: The one that is controlled.

    Raises:
        InvalidRequestError: It is not in the contract's form, or a value is not possible.
        UnknownFeederError: It names another feeder, and the parameter `partial` is off or nothing is left.
    """
    require_inputs(request, {FEEDER_INPUT}, frozenset({ORIGIN_INPUT, *STATE_INPUTS}))
    feeders, name = string_tensor(request.get_input_by_name(FEEDER_INPUT)), feeder.network.name
    if len(feeders) > _MOST_ROWS:
        raise InvalidRequestError(f"The request has {len(feeders)} rows.", f"Send {_MOST_ROWS} at most.")
    origins = read_own_input(request, ORIGIN_INPUT, parse_instant, len(feeders))
    states = read_states(request, feeder, len(feeders))
    kept = np.array([row for row, asked in enumerate(feeders) if asked == name], int)
    others = list(dict.fromkeys(asked for asked in feeders if asked != name))
    if others and not (read_flag(request, "partial") and len(kept)):
        raise UnknownFeederError(f"Unknown feeders: {', '.join(others)}.", f"This service controls {name}.")
    return FeederRequest(
        [name] * len(kept),
        states.take(kept),
        None if origins is None else np.array(origins, "datetime64[s]")[kept],
        [{FEEDER_INPUT: asked, "reason": "unknown feeder"} for asked in feeders if asked != name],
    )
