"""Asks an anomaly-detector for scores of days over both faces of the KServe v2 protocol."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from inference_services.v2_client import MeterAnswer, V2Client, read_common, texts


@dataclass(frozen=True)
class ScoredDays(MeterAnswer):
    """An answer; a day is degraded where some of its readings, or many of those before it, are missing.

    Attributes:
        scores: `[N]` float32, higher where a day is more anomalous.
        is_anomaly: `[N]` bool.
        contributions: `[N, T]` float32, what each reading adds to the score, by the local clock; None where it was not
            asked for.
        kinds: `[N]` the most likely kind of fault; empty where a day is no anomaly.
        days: `[N]` local days, ISO dates.
        missing_share: `[N]` float32, of the day's readings.
    """

    scores: np.ndarray
    is_anomaly: np.ndarray
    contributions: np.ndarray | None
    kinds: list[str]
    days: list[str]
    missing_share: np.ndarray

    @classmethod
    def from_v2(cls, outputs: Mapping[str, np.ndarray], parameters: Mapping[str, Any]) -> Self:
        """Reads the outputs and the parameters of a v2 response."""
        return cls(
            **read_common(outputs, parameters),
            scores=outputs["score"].astype(np.float32),
            is_anomaly=outputs["is_anomaly"].astype(bool),
            contributions=outputs["contribution"].astype(np.float32) if "contribution" in outputs else None,
            kinds=texts(outputs["kind"]),
            days=texts(outputs["day"]),
            missing_share=outputs["missing_share"].astype(np.float32),
        )


class AnomalyClient(V2Client):
    """A client of one service, see `V2Client`."""

    def __init__(
        self, url: str, grpc_address: str, model: str = "anomaly-detector", timeout_seconds: float = 30.0
    ) -> None:
        super().__init__(url, grpc_address, model, timeout_seconds)

    def over_rest(
        self, meters: Sequence[str], day: str | None = None, partial: bool = False, contribution: bool = True
    ) -> ScoredDays:
        """Scores of one local day of meters over REST.

        Args:
            meters: `[N]`.
            day: ISO date; the newest whole day of each meter without it.
            partial: Whether the meters that can be answered are, and the others listed in `refused`.
            contribution: Whether to say what each reading adds to the score, which takes much longer.

        Raises:
            ServiceError: The service can't be reached or can't answer.
            InvalidRequestError: The service refuses the request; the message is the service's.
        """
        return ScoredDays.from_v2(*self.ask_rest(_inputs(meters, day), _parameters(partial, contribution)))

    def over_grpc(
        self, meters: Sequence[str], day: str | None = None, partial: bool = False, contribution: bool = True
    ) -> ScoredDays:
        """The same over gRPC.

        Raises:
            ServiceError: The service can't be reached or can't answer.
            InvalidRequestError: The service refuses the request; the message is the service's.
        """
        return ScoredDays.from_v2(*self.ask_grpc(_inputs(meters, day), _parameters(partial, contribution)))


def _inputs(meters: Sequence[str], day: str | None) -> dict[str, Sequence[str]]:
    return {"meter_id": meters} if day is None else {"meter_id": meters, "day": [day] * len(meters)}


def _parameters(partial: bool, contribution: bool) -> dict[str, bool]:
    return {"partial": partial, "contribution": contribution}
