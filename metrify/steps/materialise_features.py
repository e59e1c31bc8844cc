"""Fills the feature store with the windows of a dataset."""

from pathlib import Path

import numpy as np
import pandas as pd

from metrify.adapters import feature_store
from metrify.adapters.materialised_readings import MaterialisedReadings, write_materialised
from metrify.adapters.static_records import write_static_records
from metrify.adapters.surroundings_files import write_surroundings
from metrify.adapters.weather_records import OnlineSpan, write_weather_records
from metrify.config import Home, MetrifyConfig
from metrify.errors import DatasetError
from metrify.features.windows import cut_rows, cut_windows, local_midnights, newest_origins
from metrify.readings.matrix import ReadingsMatrix
from metrify.readings.store.lineage import first_import
from metrify.readings.store.read import newest_data_version
from metrify.steps.accepted_readings import load_served_readings
from metrify.steps.impute_inputs import impute_inputs
from metrify.steps.load_surroundings import load_surroundings
from metrify.steps.reuse import NETWORK_PARAMETERS, SERVING_SECTIONS, reusable

_METERS_PER_TABLE = 50


@reusable(outputs=("output",), ignores=(*SERVING_SECTIONS, *NETWORK_PARAMETERS), fills=lambda home: home.feature_store)
def materialise_features(
    dataset: Path, verdicts: Path, output: Path, config: MetrifyConfig, home: Home | None = None
) -> dict[str, float]:
    """Writes a window for each accepted or new meter and local midnight, and the newest ones into the online store.

    Weather and grid status go with them where the dataset has them, each under the time at which it became known; and
    so do the records of recent weather that servers read, and of what is known of meters.

    With `quality.imputation`, short gaps in the windows are filled. The others stay, and forecasts say so.

    The online window of a meter ends with its own newest day, since meters are not read at the same time; with
    `hold_out_days` it stops so many days before the dataset's end, so that what follows can be replayed.

    Args:
        dataset: Dataset folder.
        verdicts: Folder of `validate_readings`.
        output: File to write: the end of the online windows, RFC 3339.
        config: Length of the windows, days to hold out, static columns, and whether gaps are imputed.
        home: Where the store lies.

    Returns:
        How many windows are stored offline and online, how many readings in them were imputed, and how many rows of
        weather and grid status are stored.

    Raises:
        DatasetError: The readings are too short, or the dataset lacks a static column.
    """
    home = home or Home.from_environment()
    info, _, measured = load_served_readings(dataset, verdicts)
    matrix, imputed = impute_inputs(measured, info.timezone, config)
    length = config.feature_engineering.lookback_window
    origins = window_origins(matrix, length, info.timezone)
    held_out = config.feature_engineering.hold_out_days
    if len(origins) <= held_out:
        raise DatasetError(
            f"The readings cover {matrix.kwh.shape[1]} intervals.",
            f"Windows of {length} intervals and {held_out} days to hold out need more; bring a longer dataset.",
        )
    data_version = newest_data_version(dataset)
    tables = []
    for first in range(0, len(matrix.meter_ids), _METERS_PER_TABLE):
        meters = slice(first, first + _METERS_PER_TABLE)
        part = type(matrix)(matrix.meter_ids[meters], matrix.start, matrix.resolution_minutes, matrix.kwh[meters])
        windows = cut_windows(part, origins, length).reshape(-1, length)
        ids = np.repeat(part.meter_ids, len(origins))
        ends = pd.DatetimeIndex(np.tile(origins.tz_localize(None).to_numpy(), len(part.meter_ids)), tz="UTC")
        tables.append(feature_store.windows_table(ids, ends, windows, data_version))
    feature_store.write_offline_windows(home, tables)
    known = origins[: len(origins) - held_out]
    until = known[-1]
    around = load_surroundings(dataset)
    surroundings = write_surroundings(home, around, info.resolution_minutes)
    surroundings |= write_weather_records(home, around, OnlineSpan(until, length, info.resolution_minutes))
    named = config.feature_engineering.static_columns
    surroundings |= write_static_records(home, info.name, around, named, until)
    feature_store.apply_repository(home)
    feature_store.materialise_online(home, until, surroundings)
    _serve_late_meters(home, matrix, known, length, data_version)
    place = (info.timezone, info.country, length)
    note = MaterialisedReadings(info.name, data_version, *place, until, matrix, imputed, first_import(dataset), config)
    write_materialised(home, note)
    output.write_text(until.isoformat(), encoding="utf-8")
    return {
        "offline_windows": len(matrix.meter_ids) * len(origins),
        "online_windows": len(matrix.meter_ids),
        "imputed_readings": int(imputed.sum()),
        **{f"{view}_rows": rows for view, rows in surroundings.items()},
    }


def _serve_late_meters(
    home: Home, matrix: ReadingsMatrix, origins: pd.DatetimeIndex, length: int, data_version: int
) -> None:
    """Puts the window that ends with its own newest day in the place of one whose end nobody has read yet."""
    newest = newest_origins(matrix, origins)
    late = np.flatnonzero(newest < len(origins) - 1)
    if len(late):
        ends = origins[newest[late]]
        columns = ((ends - matrix.start) // pd.Timedelta(minutes=matrix.resolution_minutes)).to_numpy()
        windows = cut_rows(matrix, late, columns - length, length)
        ids = matrix.meter_ids[late]
        feature_store.push_windows(home, ids, ends, windows, keep_newer=False, data_versions=data_version)


def window_origins(matrix: ReadingsMatrix, length: int, timezone: str) -> pd.DatetimeIndex:
    """The local midnights that a window of some length can end at, UTC."""
    step = pd.Timedelta(minutes=matrix.resolution_minutes)
    return local_midnights(matrix.start + length * step, matrix.timestamps[-1] + step, timezone)
