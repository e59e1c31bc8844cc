"""Asks a grid-optimizer for plans of its feeder over both faces of the KServe v2 protocol."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from inference_services.v2_client import V2Client, texts


@dataclass(frozen=True, eq=False)
class FeederStart:
    """What is known of N rows when they begin; empty batteries, no peak and the middle position where it is not.

    Attributes:
        stored_kwh: `[N, A]` in batteries.
        peak_kw: `[N]` what has flowed in at most before, in the time that the peak is charged for.
        tap_position: `[N]` of the tap changer.
    """

    stored_kwh: np.ndarray | None = None
    peak_kw: np.ndarray | None = None
    tap_position: np.ndarray | None = None

    def inputs(self) -> dict[str, np.ndarray]:
        """Those that are known, as tensors."""
        named = {
            "stored_kwh": (self.stored_kwh, np.float32),
            "peak_kw": (self.peak_kw, np.float32),
            "tap_position": (self.tap_position, np.int32),
        }
        return {name: np.asarray(values, dtype) for name, (values, dtype) in named.items() if values is not None}


@dataclass(frozen=True, eq=False)
class FeederPlans:
    """An answer; a plan is degraded where there is no forecast, or some of it lacked something.

    Attributes:
        feeder_ids: `[N]`.
        origins: `[N]` when each plan begins, RFC 3339 UTC.
        model_versions: `[N]`.
        variants: `[N]`.
        controllers: `[N]` who decided.
        feature_age_seconds: `[N]` float32 since the origin.
        degraded: `[N]`.
        degraded_reasons: `[N]`, empty where a plan is not degraded.
        elements: `[A]` what is set in kW, such as `battery/<name>`.
        setpoints_kw: `[N, A, H]` float32: drawn by batteries, curtailed of inverters, more drawn by loads.
        pv_kvar: `[N, P, H]` float32, drawn by inverters.
        tap_position: `[N, H]` int32.
        figures: `[N]` each by name, such as `saving_eur`, `cost_eur`, `peak_kw`, `violations`.
        reasons: `[N]` `{"actions", "binding", "breaches"}`.
    """

    feeder_ids: list[str]
    origins: list[str]
    model_versions: list[str]
    variants: list[str]
    controllers: list[str]
    feature_age_seconds: np.ndarray
    degraded: list[bool]
    degraded_reasons: list[str]
    elements: list[str]
    setpoints_kw: np.ndarray
    pv_kvar: np.ndarray
    tap_position: np.ndarray
    figures: dict[str, np.ndarray]
    reasons: list[dict[str, list[dict[str, Any]]]]

    @classmethod
    def from_v2(cls, outputs: Mapping[str, np.ndarray], parameters: Mapping[str, Any]) -> Self:
        """Reads the outputs and the parameters of a v2 response."""
        return cls(
            feeder_ids=texts(outputs["feeder_id"]),
            origins=texts(outputs["origin"]),
            model_versions=texts(outputs["model_version"]),
            variants=texts(outputs["variant"]),
            controllers=texts(outputs["controller"]),
            feature_age_seconds=outputs["feature_age_seconds"].astype(np.float32),
            degraded=outputs["degraded"].astype(bool).tolist(),
            degraded_reasons=texts(outputs["degraded_reason"]),
            elements=json.loads(parameters["elements"]),
            setpoints_kw=outputs["setpoints_kw"].astype(np.float32),
            pv_kvar=outputs["pv_kvar"].astype(np.float32),
            tap_position=outputs["tap_position"].astype(np.int32),
            figures={name: outputs[name] for name in _FIGURES},
            reasons=[json.loads(text) for text in texts(outputs["reasons"])],
        )


_FIGURES = (
    "saving_eur",
    "cost_eur",
    "peak_kw",
    "losses_kwh",
    "lowest_voltage_pu",
    "highest_voltage_pu",
    "highest_loading_percent",
    "violations",
    "decision_ms",
)
_NOTHING_KNOWN = FeederStart()


class GridClient(V2Client):
    """A client of one service, see `V2Client`."""

    def __init__(
        self, url: str, grpc_address: str, model: str = "grid-optimizer", timeout_seconds: float = 30.0
    ) -> None:
        super().__init__(url, grpc_address, model, timeout_seconds)

    def over_rest(self, feeders: Sequence[str], start: FeederStart = _NOTHING_KNOWN) -> FeederPlans:
        """Plans of the next hours over REST.

        Args:
            feeders: `[N]` names; a row for each state that is to be planned from.
            start: What is known of each.

        Raises:
            ServiceError: The service can't be reached or can't answer.
            InvalidRequestError: The service refuses the request; the message is the service's.
        """
        return FeederPlans.from_v2(*self.ask_rest({"feeder_id": feeders, **start.inputs()}, {}))

    def over_grpc(self, feeders: Sequence[str], start: FeederStart = _NOTHING_KNOWN) -> FeederPlans:
        """The same over gRPC.

        Raises:
            ServiceError: The service can't be reached or can't answer.
            InvalidRequestError: The service refuses the request; the message is the service's.
        """
        return FeederPlans.from_v2(*self.ask_grpc({"feeder_id": feeders, **start.inputs()}, {}))
