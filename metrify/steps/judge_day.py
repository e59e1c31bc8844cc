"""Judges one day of meters from the feature store, as the service does, without a service."""

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from metrify.adapters.feature_store import OnlineWindowReader, first_window_ends, read_windows_ending
from metrify.adapters.materialised_readings import read_place
from metrify.adapters.meter_windows import MeterWindows
from metrify.adapters.place_check import require_same_place, require_whole_windows
from metrify.anomaly.contributions import alter_days, contributions
from metrify.anomaly.detector_model import DetectorModel
from metrify.anomaly.fitting_kinds import fitting_kinds, guess_faults, sure_faults
from metrify.anomaly.stored_days import StoredDays, Unjudged, cut_days, judged_days, missing_share
from metrify.bundles.load import Bundle
from metrify.config import Home
from metrify.errors import (
    InsufficientHistoryError,
    InvalidRequestError,
    MissingReadingsError,
    UnknownDayError,
    UnknownMeterError,
)
from metrify.features.batch import FeatureBatch
from metrify.features.degradation import tell_silence
from metrify.features.judged_day import days_by_clock
from metrify.features.specification import compute_features
from metrify.features.windows import cut_stored
from metrify.steps.store_windows import pseudonymise_all

_REFUSALS = {
    Unjudged.NO_SUCH_DAY: (UnknownDayError, "Ask for a day that the store holds, or leave it out."),
    Unjudged.SHORT: (InsufficientHistoryError, "Bring earlier readings, or ask for a later day."),
    Unjudged.MISSING: (
        MissingReadingsError,
        "Ask for another day, or leave --meter out: the list also judges what is kept out.",
    ),
}


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
        threshold: The score from which on a day is anomalous.
        silence: `[N]` str how much older a meter's newest reading is than the store's; empty where it is not, or where
            a day was asked for.
    """

    meter_ids: list[str]
    days: list[str]
    score: np.ndarray
    is_anomaly: np.ndarray
    kind: list[str]
    contribution: np.ndarray
    kwh: np.ndarray
    missing_share: np.ndarray
    threshold: float
    silence: list[str]


def judge_day(bundle: Bundle, meters: Sequence[str], day: str | None, home: Home) -> DayVerdicts:
    """Scores a local day of meters by the windows that the feature store holds, online and offline.

    Args:
        bundle: Of a detector, verified.
        meters: `[N]` numbers or pseudonyms.
        day: ISO date; each meter's newest day without it.
        home: Where the store and the pseudonym key lie.

    Raises:
        InvalidRequestError: The day is no date.
        BundleError: The bundle does not read what the store holds.
        UnknownMeterError: The store has never seen some of the meters.
        UnknownDayError: It has no window of that day.
        InsufficientHistoryError: Of some meters too little is known before the day.
        MissingReadingsError: Of some meters too many readings of the day are missing.
        FeatureStoreError: The store does not answer.
    """
    context, names = bundle.manifest.context, pseudonymise_all(meters, home)
    days = None if day is None else np.full(len(names), _date(day), "datetime64[D]")
    place = read_place(home)
    require_same_place(bundle.manifest, place)
    require_whole_windows(bundle.manifest, place)
    newest = OnlineWindowReader(home).read(names.tolist())
    _require_known(newest, meters, place.dataset)
    cut = _find_days(bundle, names, newest, days, home)
    _require_judged(cut, meters)
    batch = FeatureBatch(cut.windows, cut.ends, context, meter_ids=names)
    model = DetectorModel(bundle.model_path)

    def predict(rows: FeatureBatch) -> dict[str, np.ndarray]:
        return model.predict(compute_features(bundle.features, rows))

    answer = predict(batch)
    scores = predict(alter_days(batch))["score"].reshape(len(names), -1)
    by_clock = days_by_clock(batch)
    history, judged = by_clock[:, :-1], by_clock[:, -1:]
    kinds = guess_faults(answer["kind_share"], fitting_kinds(history, judged))
    is_anomaly = answer["is_anomaly"] | sure_faults(history, judged)
    return DayVerdicts(
        list(meters),
        judged_days(cut.ends, context.timezone).astype(str).tolist(),
        answer["score"],
        is_anomaly,
        [kind if called else "" for kind, called in zip(kinds, is_anomaly, strict=True)],
        contributions(scores),
        by_clock[:, -1],
        missing_share(batch),
        float(bundle.thresholds()["anomaly"]["threshold"]),
        tell_silence(newest.ends, place.online_until).tolist() if days is None else [""] * len(names),
    )


def _date(text: str) -> datetime.date:
    try:
        return datetime.date.fromisoformat(text)
    except ValueError as error:
        raise InvalidRequestError(f"The day {text} is no date.", "Give it as 2024-06-30.") from error


def _require_known(newest: MeterWindows, meters: Sequence[str], dataset: str) -> None:
    unknown = [meter for meter, known in zip(meters, newest.ends, strict=True) if np.isnat(known)]
    if unknown:
        raise UnknownMeterError(
            f"Unknown meters: {', '.join(unknown)}. The feature store holds those of {dataset}.",
            unknown,
            f"`metrify data quality {dataset}` tells of meters that are rejected; training on another "
            "dataset fills the store with that.",
        )


def _find_days(
    bundle: Bundle, names: np.ndarray, newest: MeterWindows, days: np.ndarray | None, home: Home
) -> StoredDays:
    """Windows that end with the day: online where that holds it, and offline before."""
    context = bundle.manifest.context
    most_missing = float(bundle.thresholds()["anomaly"]["max_missing_share"])
    cut = cut_days(newest.windows, newest.ends, days, context, most_missing)
    is_earlier = (cut.ends < newest.ends) & np.isin(cut.unjudged.astype(str), [Unjudged.NO_SUCH_DAY, Unjudged.SHORT])
    if days is None or not is_earlier.any():
        return cut
    windows, ends = newest.windows.copy(), newest.ends.copy()
    for row, window in _offline_windows(home, names, cut.ends, np.flatnonzero(is_earlier)):
        windows[row], ends[row] = cut_stored(window[None], windows.shape[1])[0], cut.ends[row]
    cut = cut_days(windows, ends, days, context, most_missing)
    lacking = np.flatnonzero((cut.unjudged.astype(str) == Unjudged.NO_SUCH_DAY) & (cut.ends < newest.ends))
    first_ends = first_window_ends(home, names[lacking].tolist())
    history = context.sequence_length // context.forecast_horizon - 1
    for row in lacking[np.isin(names[lacking], list(first_ends))].tolist():
        cut.reasons[row] = (
            f"windows are stored that end from {first_ends[names[row]]}Z to {newest.ends[row]}Z, each with the "
            f"{history} days before its last one"
        )
    return cut


def _offline_windows(
    home: Home, names: np.ndarray, ends: np.ndarray, rows: np.ndarray
) -> Iterator[tuple[int, np.ndarray]]:
    """Some rows whose meters have an offline window that ends with their day, and these."""
    rows_of = {(names[row], ends[row]): row for row in rows.tolist()}
    for meter, end, window in zip(*read_windows_ending(home, ends[rows]), strict=True):
        if (meter, end) in rows_of:
            yield rows_of[meter, end], window


def _require_judged(cut: StoredDays, meters: Sequence[str]) -> None:
    for unjudged, (error, mend) in _REFUSALS.items():
        refused = {
            meter: reason
            for meter, reason, why in zip(meters, cut.reasons, cut.unjudged, strict=True)
            if why is unjudged
        }
        if refused:
            told = ", ".join(f"{meter} ({reason})" for meter, reason in refused.items())
            raise error(f"Meters with {unjudged.value}: {told}.", list(refused), mend)
