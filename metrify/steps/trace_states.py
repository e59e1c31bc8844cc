"""What became of a meter's readings before a forecast saw them: used, kept in quarantine, or filled in."""

from pathlib import Path

import numpy as np
import pandas as pd

from metrify.adapters.materialised_readings import MaterialisedReadings, is_materialised, read_materialised
from metrify.config import Home, MetrifyConfig
from metrify.readings.dataset import Dataset, read_info
from metrify.readings.quality.faults import Fault, fault_name
from metrify.readings.quality.judge import examine_readings, judge_readings
from metrify.readings.quality.releases import read_releases
from metrify.readings.quality.tables import QualityVerdicts
from metrify.readings.store.lineage import first_import

USED, MISSING, IMPUTED, QUARANTINED = "used", "missing", "imputed", "quarantined"
NOT_ACCEPTED = "not accepted"


def trace_states(
    readings: pd.DataFrame, stamps: pd.DatetimeIndex, folder: Path, data_version: int, home: Home
) -> list[str]:
    """Tells what the feature store made of the readings of one meter.

    For the data version that the store holds now, this is read from the store. For another one, the meter is judged
    alone: by the store's configuration, where the store was filled with this dataset, and by the default one otherwise,
    and by all releases, whenever they were made. Which gaps were imputed then is not known.

    Args:
        readings: All of the meter's readings at a data version: `meter_id`, `timestamp` (UTC) and `kwh`.
        stamps: `[T]` starts of the intervals to tell of, UTC.
        folder: Dataset folder.
        data_version: What the readings are of.
        home: Where the feature store lies.

    Returns:
        `[T]`: `used`, `missing`, `imputed`, `quarantined` with a colon and its reason, or `not accepted`, with a colon
        and the reasons where the meter was judged alone.

    Raises:
        FeatureStoreError: Another version of Metrify filled the store.
    """
    store = _store_of(folder, home)
    known = stamps.isin(readings["timestamp"])
    verdicts = _judge_alone(readings, folder, store.config if store else MetrifyConfig())
    if store and store.data_version == data_version:
        return _states_in_store(store, readings["meter_id"].iloc[0], stamps, known, verdicts)
    return _states_alone(stamps, known, verdicts)


def _store_of(folder: Path, home: Home) -> MaterialisedReadings | None:
    store = read_materialised(home) if is_materialised(home) else None
    if store and (store.dataset, store.first_import) == (folder.name, first_import(folder)):
        return store
    return None


def _judge_alone(readings: pd.DataFrame, folder: Path, config: MetrifyConfig) -> QualityVerdicts:
    meters = pd.DataFrame({"meter_id": readings["meter_id"].unique()})
    dataset = Dataset(read_info(folder), readings[["meter_id", "timestamp", "kwh"]], meters)
    examined = examine_readings(dataset, pd.Timestamp.now("UTC"), config.quality)
    return judge_readings(examined, read_releases(folder), config.quality)


def _states_in_store(
    store: MaterialisedReadings,
    meter_id: str,
    stamps: pd.DatetimeIndex,
    known: np.ndarray,
    verdicts: QualityVerdicts,
) -> list[str]:
    rows = np.flatnonzero(store.matrix.meter_ids == meter_id)
    if not len(rows):
        return [NOT_ACCEPTED if is_known else MISSING for is_known in known]
    places = store.matrix.timestamps.as_unit("us").get_indexer(stamps)
    inside = places >= 0
    used = inside & np.isfinite(store.matrix.kwh[rows[0], places])
    imputed = inside & store.imputed[rows[0], places]
    # Also reasons of what was released: the store may not have been filled since. Only beside the other meters does a
    # lone reading lie far before the mass, so what the meter alone gives no reason for is that.
    kept_out = _kept_out(verdicts.quarantine, stamps, fault_name(Fault.OUTLYING))
    return np.select([imputed, used, known], [IMPUTED, USED, kept_out], MISSING).tolist()


def _states_alone(stamps: pd.DatetimeIndex, known: np.ndarray, verdicts: QualityVerdicts) -> list[str]:
    quarantine, meter = verdicts.quarantine, verdicts.meters.iloc[0]
    kept_out = _kept_out(quarantine[~quarantine["released"]], stamps, "")
    used = USED if meter["accepted"] else f"{NOT_ACCEPTED}: {meter['reasons']}"
    return np.select([kept_out != "", known], [kept_out, used], MISSING).tolist()


def _kept_out(quarantine: pd.DataFrame, stamps: pd.DatetimeIndex, otherwise: str) -> np.ndarray:
    """`[T]` the state of an interval that is in quarantine; where it is not, that of the reason `otherwise`, if any."""
    reasons = quarantine.set_index("timestamp")["reason"].reindex(stamps, fill_value=otherwise)
    return np.array([f"{QUARANTINED}: {reason}" if reason else "" for reason in reasons])
