"""Asks a load-forecaster for forecasts over both faces of the KServe v2 protocol."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from inference_services.v2_client import MeterAnswer, V2Client, read_common, texts


@dataclass(frozen=True)
class Forecasts(MeterAnswer):
    """An answer; a forecast is degraded if the meter is new or has gaps, or some of the weather was missing or stale.

    Attributes:
        quantiles_kwh: `[N, H, Q]` float32.
        point_kwh: `[N, H]` float32.
        origins: `[N]` when each forecast begins, RFC 3339 UTC.
        levels: `[Q]` of the quantiles.
        resolution_minutes: Of an interval.
    """

    quantiles_kwh: np.ndarray
    point_kwh: np.ndarray
    origins: list[str]
    levels: tuple[float, ...]
    resolution_minutes: int

    @classmethod
    def from_v2(cls, outputs: Mapping[str, np.ndarray], parameters: Mapping[str, Any]) -> Self:
        """Reads the outputs and the parameters of a v2 response."""
        return cls(
            **read_common(outputs, parameters),
            quantiles_kwh=outputs["quantiles_kwh"].astype(np.float32),
            point_kwh=outputs["point_kwh"].astype(np.float32),
            origins=texts(outputs["origin"]),
            levels=tuple(json.loads(parameters["quantiles"])),
            resolution_minutes=int(parameters["resolution_minutes"]),
        )


class ForecastClient(V2Client):
    """A client of one service, see `V2Client`."""

    def __init__(
        self, url: str, grpc_address: str, model: str = "load-forecaster", timeout_seconds: float = 30.0
    ) -> None:
        super().__init__(url, grpc_address, model, timeout_seconds)

    def over_rest(self, meters: Sequence[str], partial: bool = False, horizon: int | None = None) -> Forecasts:
        """Forecasts of meters over REST, of their first `horizon` intervals or of all.

        Raises:
            ServiceError: The service can't be reached or can't answer.
            InvalidRequestError: The service refuses the request; the message is the service's.
        """
        return Forecasts.from_v2(*self.ask_rest({"meter_id": meters}, _parameters(partial, horizon)))

    def over_grpc(self, meters: Sequence[str], partial: bool = False, horizon: int | None = None) -> Forecasts:
        """Forecasts of meters over gRPC, of their first `horizon` intervals or of all.

        Raises:
            ServiceError: The service can't be reached or can't answer.
            InvalidRequestError: The service refuses the request; the message is the service's.
        """
        return Forecasts.from_v2(*self.ask_grpc({"meter_id": meters}, _parameters(partial, horizon)))


def _parameters(partial: bool, horizon: int | None) -> dict[str, bool | int]:
    return {"partial": partial} if horizon is None else {"partial": partial, "horizon": horizon}
