"""Pushes new readings: each meter's stored window moves on to the end of its newest reading."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from metrify.adapters.feature_store import OnlineWindowReader, push_windows
from metrify.adapters.materialised_readings import StoredPlace
from metrify.config import Home
from metrify.errors import ReadingsError
from metrify.steps.extend_windows import extend_windows
from metrify.steps.materialise_features import materialise_features
from metrify.steps.reuse import taking_turns
from metrify.steps.store_windows import pseudonymise_all


@dataclass(frozen=True)
class PushedReadings:
    """What came of a push.

    Attributes:
        meters: Meters whose window was pushed.
        new_meters: How many of them the store had never seen; they have only these readings.
        readings: Readings that are in the windows now.
        too_old: Readings that lie before the window of their meter, and were left out.
    """

    meters: int
    new_meters: int
    readings: int
    too_old: int


def push_readings(readings: pd.DataFrame, place: StoredPlace, home: Home) -> PushedReadings:
    """Writes new readings into the windows of their meters and pushes those.

    A window ends where its newest reading ends. Intervals between that nobody read are missing (NaN); a reading that
    comes later fills its place, and one of an interval that has a reading corrects it. The order of rows is free.

    Args:
        readings: `meter_id` (number or pseudonym), `timestamp` (UTC without a time zone, start of the interval), `kwh`.
        place: Resolution and length of the windows.
        home: Where the store and the pseudonym key lie.

    Raises:
        ReadingsError: There are none, two of a meter's interval contradict each other, or one starts between two
            intervals of its meter.
        FeatureStoreError: Nothing was materialised yet, or the online store does not answer.
    """
    rows = readings.assign(meter_id=pseudonymise_all(readings["meter_id"].tolist(), home)).drop_duplicates()
    if rows.empty:
        raise ReadingsError("There is no reading to push.", "Check the column kwh.")
    twice = rows.duplicated(["meter_id", "timestamp"])
    if twice.any():
        first = rows[twice].iloc[0]
        raise ReadingsError(
            f"{twice.sum()} readings have another value for the same interval, for instance at {first['timestamp']}Z.",
            "Keep one reading for each meter and interval.",
        )
    row_meter, names = pd.factorize(rows["meter_id"])
    meters = np.asarray(names, dtype=object)
    with taking_turns(home.feature_store, materialise_features.__name__):
        stored = OnlineWindowReader(home).read(meters.tolist())
        begins, kwh = rows["timestamp"].to_numpy(), rows["kwh"].to_numpy()
        extended = extend_windows(stored.windows, stored.ends, row_meter, begins, kwh, place)
        pushed = np.unique(row_meter[extended.inside])
        if len(pushed):
            push_windows(
                home, meters[pushed], pd.DatetimeIndex(extended.ends[pushed], tz="UTC"), extended.windows[pushed]
            )
    return PushedReadings(
        meters=len(pushed),
        new_meters=int(np.isnat(stored.ends[pushed]).sum()),
        readings=int(extended.inside.sum()),
        too_old=int((~extended.inside).sum()),
    )
