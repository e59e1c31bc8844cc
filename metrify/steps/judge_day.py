"""Judges one day of meters from the feature store, as the service does, without a service."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from metrify.adapters.feature_store import OnlineWindowReader, retrieve_windows
from metrify.anomaly.contributions import alter_days, contributions
from metrify.anomaly.detector_model import DetectorModel
from metrify.anomaly.kinds import Kind
from metrify.bundles.load import Bundle
from metrify.config import Home
from metrify.errors import InsufficientHistoryError, InvalidRequestError, UnknownMeterError
from metrify.features.batch import FeatureBatch
from metrify.features.judged_day import days_by_clock
from metrify.features.specification import compute_features
from metrify.steps.store_windows import pseudonymise_all

_KINDS = tuple(Kind)


@dataclass(frozen=True, eq=False)
class DayVerdicts:
    """A day of N meters.

    Attributes:
        meter_ids: `[N]` as they were asked for.
        days: `[N]` ISO dates by the local clock.
        score: `[N]` float32.
        is_anomaly: `[N]` bool.
        kind: `[N]` what an anomalous day may be; empty where the day is none.
        contribution: `[N, T]` float32, what each reading adds to the score.
        kwh: `[N, T]` float32, the readings by the local clock.
        missing_share: `[N]` float32.
    """

    meter_ids: list[str]
    days: list[str]
    score: np.ndarray
    is_anomaly: np.ndarray
    kind: list[str]
    contribution: np.ndarray
    kwh: np.ndarray
    missing_share: np.ndarray


def judge_day(bundle: Bundle, meters: Sequence[str], day: str | None, home: Home) -> DayVerdicts:
    """Scores a local day of meters by the windows that the feature store holds.

    Args:
        bundle: Of a detector, verified.
        meters: `[N]` numbers or pseudonyms.
        day: ISO date; each meter's newest day without it.
        home: Where the store and the pseudonym key lie.

    Raises:
        InvalidRequestError: The day is no date.
        UnknownMeterError: The store has never seen some of the meters.
        InsufficientHistoryError: Of some meters too many readings of the day are missing, or too few days are stored.
        FeatureStoreError: There is no window of the day, or the store does not answer.
    """
    context, names = bundle.manifest.context, pseudonymise_all(meters, home)
    windows, ends = _windows(names, meters, _end_of(day, context.timezone), context.sequence_length, home)
    batch = FeatureBatch(windows, ends, context, meter_ids=names)
    by_clock = days_by_clock(batch)
    missing = np.isnan(by_clock[:, -1]).mean(axis=1, dtype=np.float32)
    _require_measured(bundle, meters, missing)
    model = DetectorModel(bundle.model_path)

    def predict(rows: FeatureBatch) -> dict[str, np.ndarray]:
        return model.predict(compute_features(bundle.features, rows))

    answer = predict(batch)
    scores = predict(alter_days(batch))["score"].reshape(len(names), -1)
    kinds = [_KINDS[place].value for place in answer["kind_share"].argmax(axis=1)]
    return DayVerdicts(
        list(meters),
        [_local_day(end, context.timezone) for end in ends],
        answer["score"],
        answer["is_anomaly"],
        [kind if called else "" for kind, called in zip(kinds, answer["is_anomaly"], strict=True)],
        contributions(scores),
        by_clock[:, -1],
        missing,
    )


def _end_of(day: str | None, timezone: str) -> pd.Timestamp | None:
    """The local midnight after a day, UTC."""
    if day is None:
        return None
    try:
        date = pd.Timestamp(day)
    except ValueError as error:
        raise InvalidRequestError(f"The day {day} is no date.", "Give it as 2024-06-30.") from error
    if date != date.normalize() or date.tzinfo is not None:
        raise InvalidRequestError(f"The day {day} has a time.", "Give the date alone, such as 2024-06-30.")
    return (date + pd.Timedelta(days=1)).tz_localize(timezone).tz_convert("UTC")


def _local_day(end: np.datetime64, timezone: str) -> str:
    local = pd.Timestamp(end, tz="UTC").tz_convert(timezone)
    return str((local - pd.Timedelta(hours=12)).date())


def _windows(
    names: np.ndarray, meters: Sequence[str], end: pd.Timestamp | None, length: int, home: Home
) -> tuple[np.ndarray, np.ndarray]:
    """Windows `[N, length]` that end with the day, online where that is the newest one, and offline before it."""
    newest = OnlineWindowReader(home).read(names.tolist())
    unknown = [meter for meter, known in zip(meters, newest.ends, strict=True) if np.isnat(known)]
    if unknown:
        raise UnknownMeterError(f"Unknown meters: {', '.join(unknown)}.", unknown, "Import their readings first.")
    windows, ends = newest.windows, newest.ends
    if end is not None and (ends != end.tz_localize(None).to_datetime64()).any():
        rows = pd.DataFrame({"meter_id": names, "origin": end})
        windows = np.stack(retrieve_windows(home, rows)["load_window"].to_list())
        ends = np.full(len(names), end.tz_localize(None).to_datetime64().astype("datetime64[s]"))
    if windows.shape[1] < length:
        raise InsufficientHistoryError(
            f"The feature store keeps {windows.shape[1]} intervals, and the detector reads {length}.",
            list(meters),
            "Raise feature_engineering.lookback_window and materialise again.",
        )
    return np.ascontiguousarray(windows[:, -length:], np.float32), ends.astype("datetime64[s]")


def _require_measured(bundle: Bundle, meters: Sequence[str], missing: np.ndarray) -> None:
    most = float(bundle.thresholds()["anomaly"]["max_missing_share"])
    lacking = [meter for meter, share in zip(meters, missing, strict=True) if share > most]
    if lacking:
        raise InsufficientHistoryError(
            f"More than {most:.0%} of the day's readings of these meters are missing: {', '.join(lacking)}.",
            lacking,
            "Ask for another day; `metrify detect` lists such days as missing.",
        )
