"""Whose weather and whose feeder's state holds for a meter, and the rows of each place."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from metrify.errors import DatasetError
from metrify.readings.own_intervals import own_ends

STATION_COLUMN, FEEDER_COLUMN = "station_id", "feeder_id"
_KINDS = {STATION_COLUMN: "weather station", FEEDER_COLUMN: "feeder"}


@dataclass(frozen=True)
class PlaceRows:
    """What belongs to one place.

    Attributes:
        frame: Its rows; empty where there are none.
        rows: `[n]` which of the wanted rows are of it.
        origins: `[o]` their distinct origins.
        origin_of: `[n]` which of these is each row's.
    """

    frame: pd.DataFrame
    rows: np.ndarray
    origins: np.ndarray
    origin_of: np.ndarray


def places_of_meters(
    column: str, meter_ids: Sequence[str] | np.ndarray, meters: pd.DataFrame | None, places: pd.Series
) -> np.ndarray:
    """The place of each meter, `[M]` str. It may be one of which nothing is known.

    Args:
        column: `station_id` or `feeder_id`.
        meter_ids: `[M]`, each once.
        meters: `meter_id` and perhaps the column; without it the only place is every meter's.
        places: The column of the weather or of the grid status.

    Raises:
        DatasetError: There are several places and nothing says whose is whose, a meter has none or two, or nothing is
            known of any place that a meter has.
    """
    kind, known = _KINDS[column], places.unique()
    if meters is None or column not in meters:
        if len(known) != 1:
            raise DatasetError(
                f"There are {len(known)} {kind}s, and the meters have no column {column}.",
                f"Add {column} to the meters file and import it with `--meters`.",
            )
        return np.full(len(meter_ids), known[0], dtype=object)
    if not meters[column].isin(known).any():
        raise DatasetError(
            f"Nothing is known of any {kind} of the meters, for instance {meters[column].iloc[0]!r}; it is known of "
            f"{', '.join(map(repr, known[:3])) or 'none'}.",
            f"Write the same {column} in both files.",
        )
    of_meter = meters.loc[meters["meter_id"].isin(meter_ids) & meters[column].notna(), ["meter_id", column]]
    again = of_meter["meter_id"][of_meter["meter_id"].duplicated()]
    without = sorted(set(meter_ids) - set(of_meter["meter_id"]))
    for faulty, fault in ((again.tolist(), f"a second {column}"), (without, f"no {column}")):
        if faulty:
            raise DatasetError(
                f"{len(faulty)} of {len(meter_ids)} meters have {fault}, for instance {faulty[0]}.",
                f"Give each meter one {column} in the meters file and import it with `--meters`.",
            )
    return of_meter.set_index("meter_id")[column].loc[list(meter_ids)].to_numpy(object)


def places_where_known(
    column: str, meter_ids: Sequence[str] | np.ndarray, meters: pd.DataFrame, places: pd.Series
) -> np.ndarray:
    """The place of each meter, `[M]` str, and None for a meter of which it is not known, or not for certain.

    Args:
        column: `station_id` or `feeder_id`.
        meter_ids: `[M]`.
        meters: `meter_id` and perhaps the column; without it the only place is every meter's.
        places: The column of the weather or of the grid status.
    """
    if column not in meters:
        known = places.unique()
        return np.full(len(meter_ids), known[0] if len(known) == 1 else None, dtype=object)
    of_meter = meters.drop_duplicates("meter_id", keep=False).set_index("meter_id")[column]
    found = of_meter.reindex(list(meter_ids))
    return np.array([place if isinstance(place, str) else None for place in found], dtype=object)


def iterate_places(frame: pd.DataFrame, column: str, places: np.ndarray, origins: np.ndarray) -> Iterator[PlaceRows]:
    """What belongs to each of the places that are wanted, one after another.

    Args:
        frame: Weather or grid status.
        column: `station_id` or `feeder_id`.
        places: `[N]` the place of each wanted row.
        origins: `[N]` datetime64, UTC.
    """
    rows_of = frame.groupby(column).indices
    codes, wanted = pd.factorize(places)
    for code, place in enumerate(wanted):
        rows = np.flatnonzero(codes == code)
        distinct, origin_of = np.unique(origins[rows].astype("datetime64[us]"), return_inverse=True)
        yield PlaceRows(frame.iloc[rows_of.get(place, [])], rows, distinct, origin_of)


def interval_steps(frame: pd.DataFrame, column: str, step_minutes: int) -> dict[str, pd.Timedelta]:
    """The longest step, in whole minutes, of which all distances of a place's stamps are multiples.

    Args:
        frame: `timestamp` and the column.
        column: `station_id` or `feeder_id`.
        step_minutes: Length where a place has a single stamp.
    """
    steps = {}
    for place, times in _naive(frame["timestamp"]).groupby(frame[column]):
        distances = np.diff(np.unique(times.to_numpy("datetime64[m]"))).astype(np.int64)
        steps[str(place)] = pd.Timedelta(minutes=int(np.gcd.reduce(distances) or step_minutes))
    return steps


def interval_ends(frame: pd.DataFrame, column: str, steps: Mapping[str, pd.Timedelta]) -> pd.Series:
    """When the interval of each measured row was over, UTC.

    Args:
        frame: `timestamp` and the column.
        column: `station_id` or `feeder_id`.
        steps: Of each place; the length of a row that stands all alone.

    Raises:
        ReadingsError: The intervals of a place are no whole multiples of its step.
    """
    starts = _naive(frame["timestamp"]).to_numpy("datetime64[us]")
    ends = starts.copy()
    for place, rows in frame.groupby(column).indices.items():
        ends[rows] = own_ends(str(place), starts[rows], steps[str(place)] // pd.Timedelta(minutes=1))
    return pd.Series(pd.DatetimeIndex(ends, tz="UTC"), index=frame.index)


def _naive(times: pd.Series) -> pd.Series:
    return times.dt.tz_localize(None)
