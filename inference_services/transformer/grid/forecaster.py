"""Asks the load-forecaster's service for the hours of a feeder's meters."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from inference_services.client import ForecastClient, Forecasts
from inference_services.transformer.drift_monitor import DriftState
from metrify.errors import ServiceError, UsageError
from metrify.forecasting.expected_load import integrate_quantiles
from metrify.units import MINUTES_PER_HOUR


@dataclass(frozen=True, eq=False)
class ForecastHours:
    """Forecasts of M meters.

    Attributes:
        start: UTC datetime64[s], when the first hour begins.
        kwh: `[M, H]` expected energy, which can be added up.
        data_version: The oldest import of the dataset that a forecast saw; 0 where it saw readings that were pushed.
        faults: What some of the forecasts lacked; empty where that is nothing.
        drift: The forecaster's last verdict.
    """

    start: np.datetime64
    kwh: np.ndarray
    data_version: int
    faults: str
    drift: DriftState


class MeterForecaster:
    """A client of the load-forecaster.

    Args:
        url: Where it listens, `grpc://127.0.0.1:8001` or `http://127.0.0.1:8000` for instance.
        timeout_seconds: Deadline of a request.

    Raises:
        UsageError: The URL is none of these.
    """

    def __init__(self, url: str, timeout_seconds: float) -> None:
        scheme, _, address = url.rstrip("/").partition("://")
        if scheme not in ("grpc", "http", "https") or not address:
            raise UsageError(f"{url} is no address of a load-forecaster.", "Use grpc://HOST:PORT or http://HOST:PORT.")
        client = ForecastClient(url.rstrip("/"), address, timeout_seconds=timeout_seconds)
        self._ask = client.over_grpc if scheme == "grpc" else client.over_rest

    def forecast(self, meters: Sequence[str]) -> ForecastHours:
        """Forecasts of all meters, or none.

        Args:
            meters: `[M]` numbers or pseudonyms, as the forecaster takes them.

        Raises:
            ServiceError: The service can't be reached or can't answer, or its forecasts are no hours from one time on.
            InvalidRequestError: It refuses a meter; the message is the service's.
        """
        answer = self._ask(meters)
        if answer.resolution_minutes != MINUTES_PER_HOUR or len(set(answer.origins)) > 1:
            begins = ", ".join(sorted(set(answer.origins)))
            raise ServiceError(
                f"The forecasts are of {answer.resolution_minutes} minutes, from {begins}.",
                "Serve a forecaster of hours, and bring the readings of all elements up to the same time.",
            )
        kwh = integrate_quantiles(answer.levels).of(answer.quantiles_kwh)
        start = np.datetime64(answer.origins[0].removesuffix("Z"), "s")
        drift = DriftState(answer.drift, answer.drift_p, answer.drift_day)
        return ForecastHours(start, kwh, min(answer.data_versions), _faults(answer), drift)


def _faults(answer: Forecasts) -> str:
    reasons: list[dict[str, Any]] = answer.degraded_reasons
    if not reasons:
        return ""
    first = reasons[0]
    return (
        f"the forecasts of {len(reasons)} of {len(answer.meter_ids)} elements are degraded, "
        f"such as {first['meter_id']}: {first['reason']}"
    )
