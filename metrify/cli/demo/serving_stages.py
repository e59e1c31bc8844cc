"""The stages that ask a running service: forecasts over both protocols, a rollout, and a shifted population."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from prometheus_client.parser import text_string_to_metric_families

from inference_services.client import ForecastClient, Forecasts
from inference_services.local.run_manifest import LocalService
from metrify.cli.demo.record import DriftRecord, ForecastRecord, RolloutRecord
from metrify.errors import ServiceError
from metrify.experiments.assignment import assign, assignment_point
from metrify.readings.scenarios import with_evening_charging
from metrify.steps.replay_readings import Change, ReadingsReplay
from metrify.steps.rollout import read_split, set_percent, start_canary
from metrify.units import intervals_per_day

ROLLOUT_STEPS = (20, 50)
_CHARGING_SHARE, _SEED = 0.8, 0
_DEADLINE_SECONDS = 60.0
_POLL_SECONDS = 0.3
_AGREEMENT_KWH = 1e-4  # REST sends decimals, gRPC the float32 itself


def forecast_tomorrow(
    client: ForecastClient, replay: ReadingsReplay, origin: pd.Timestamp, most: int
) -> ForecastRecord:
    """Asks for the same meters over REST and gRPC.

    Args:
        client: Of the service.
        replay: The readings.
        origin: Start of tomorrow, UTC.
        most: Meters to ask for; those whose window has a gap are passed over.

    Raises:
        ServiceError: The answers differ.
    """
    windows = replay.push(origin)
    rows = _complete(windows)[:most]
    meters = [replay.meter_ids[row] for row in rows]
    rest, grpc = client.over_rest(meters), client.over_grpc(meters)
    difference = float(np.abs(rest.quantiles_kwh - grpc.quantiles_kwh).max())
    if not difference <= _AGREEMENT_KWH or rest.variants != grpc.variants:
        raise ServiceError(
            f"REST and gRPC answers differ by {difference:g} kWh.", "Look at the logs of the transformer."
        )
    actual = replay.actual(origin, rest.point_kwh.shape[1])[rows]
    return ForecastRecord(
        meters, origin.tz_convert(replay.timezone), windows[rows], rest.quantiles_kwh, actual, difference
    )


@dataclass(frozen=True)
class Split:
    """A running service and the manifest that holds its split."""

    service: LocalService
    client: ForecastClient
    manifest: Path
    salt: str

    def settled(self, meters: list[str]) -> list[str]:
        """The variants of meters, asked for until they are those of the manifest."""
        expected = assign(meters, self.salt, read_split(self.manifest))
        return _ask_until(self.client, meters, lambda answer: answer.variants == expected).variants


def roll_out_canary(split: Split, bundle: Path, trusted_key: Path, meters: list[str]) -> RolloutRecord:
    """Starts a second bundle as the canary and raises it; asks for the same meters at every step."""
    variants, changed = {0: split.settled(meters)}, 0
    canary = start_canary(split.manifest, bundle, ROLLOUT_STEPS[0], trusted_key)
    split.service.refresh()
    for percent in ROLLOUT_STEPS:
        set_percent(split.manifest, percent)
        variants[percent] = split.settled(meters)
        again = split.client.over_grpc(meters).variants
        changed += sum(one != other for one, other in zip(variants[percent], again, strict=True))
    return RolloutRecord(canary, [assignment_point(meter, split.salt) for meter in meters], variants, changed)


def watch_for_drift(
    client: ForecastClient, replay: ReadingsReplay, origin: pd.Timestamp
) -> Iterator[tuple[str, DriftRecord]]:
    """Replays a week as it was, and the week until the next day as a population with electric cars would have read."""

    def charging(kwh: np.ndarray, timestamps: pd.DatetimeIndex) -> np.ndarray:
        return with_evening_charging(kwh, timestamps, replay.matrix.resolution_minutes, _CHARGING_SHARE, _SEED)

    cars = f"{_CHARGING_SHARE:.0%} of the meters charge a car every evening"
    yield "unshifted", _check_week(client, replay, replay.local_day(origin, 7), "the week as it was", None)
    yield "shifted", _check_week(client, replay, replay.local_day(origin, 8), cars, charging)


def _check_week(
    client: ForecastClient, replay: ReadingsReplay, origin: pd.Timestamp, population: str, change: Change | None
) -> DriftRecord:
    windows = replay.push(origin, change)
    meters = [replay.meter_ids[row] for row in _complete(windows)]
    day = f"{origin.tz_convert('UTC'):%Y-%m-%d}"
    answer = _ask_until(client, meters, lambda answer: answer.drift_day == day and answer.drift != "collecting")
    days = windows.reshape(len(windows), -1, intervals_per_day(replay.matrix.resolution_minutes))
    return DriftRecord(
        population,
        answer.drift,
        answer.drift_p,
        _p_values(client.metrics()),
        np.nanmean(days[:, -7:], axis=(0, 1)),
        np.nanmean(days[:, :-7], axis=(0, 1)),
    )


def _ask_until(client: ForecastClient, meters: list[str], done: Callable[[Forecasts], bool]) -> Forecasts:
    deadline = time.monotonic() + _DEADLINE_SECONDS
    while not done(answer := client.over_rest(meters)):
        if time.monotonic() > deadline:
            raise ServiceError(
                f"The service did not come round within {_DEADLINE_SECONDS:g} s.", "Look at the log of the transformer."
            )
        time.sleep(_POLL_SECONDS)
    return answer


def _complete(windows: np.ndarray) -> np.ndarray:
    """Rows without a gap."""
    return np.flatnonzero(np.isfinite(windows).all(axis=1))


def _p_values(metrics: str) -> dict[str, float]:
    families = {family.name: family for family in text_string_to_metric_families(metrics)}
    return {sample.labels["feature"]: sample.value for sample in families["metrify_drift_p_value"].samples}
