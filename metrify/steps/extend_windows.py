"""Moves windows of readings on to their newest readings."""

from dataclasses import dataclass

import numpy as np

from metrify.adapters.materialised_readings import StoredPlace
from metrify.errors import ReadingsError


@dataclass(frozen=True)
class ExtendedWindows:
    """Windows that have moved on.

    Attributes:
        windows: `[N, L]` float32 kWh, oldest first; NaN where a reading is missing.
        ends: `[N]` datetime64[s] UTC.
        inside: `[R]` which of the new readings lie in them; the others are older.
    """

    windows: np.ndarray
    ends: np.ndarray
    inside: np.ndarray


def extend_windows(
    stored: np.ndarray, ends: np.ndarray, meter: np.ndarray, begins: np.ndarray, kwh: np.ndarray, place: StoredPlace
) -> ExtendedWindows:
    """Writes readings into the windows of their meters. A window never moves back.

    Args:
        stored: `[N, S]` float32 kWh, aligned at their end.
        ends: `[N]` datetime64[s] UTC, ends of the windows; NaT for a meter without one, which gets one of its own.
        meter: `[R]` row of each reading's meter; each of the N has a reading.
        begins: `[R]` datetime64 UTC, starts of the readings' intervals, in any order.
        kwh: `[R]` the readings.
        place: Resolution and length of the windows, and where the grid of a new meter lies.

    Raises:
        ReadingsError: A reading starts between two intervals of its meter.
    """
    length, step = place.lookback, np.timedelta64(place.resolution_minutes, "m")
    is_new = np.isnat(ends)
    grid = np.datetime64(place.online_until.tz_convert("UTC").tz_localize(None), "s")
    ends = np.where(is_new, grid, ends)
    since_end = begins.astype("datetime64[s]") - ends[meter]
    off_grid = np.asarray(since_end % step, bool)
    if off_grid.any():
        raise ReadingsError(
            f"{off_grid.sum()} of {len(kwh)} readings start between intervals of {place.resolution_minutes} minutes, "
            f"for instance at {begins[off_grid][0].astype('datetime64[s]')}Z.",
            "Sum them up to the resolution of the stored windows before.",
        )
    after_end = since_end // step
    newest = np.full(len(ends), np.iinfo(np.int64).min)
    np.maximum.at(newest, meter, after_end + 1)
    shift = np.where(is_new, newest, np.maximum(newest, 0))
    windows = _shifted(stored, is_new, shift, length)
    column = length + after_end - shift[meter]
    inside = column >= 0
    windows[meter[inside], column[inside]] = kwh[inside]
    return ExtendedWindows(windows, ends + shift * step, inside)


def _shifted(stored: np.ndarray, is_new: np.ndarray, shift: np.ndarray, length: int) -> np.ndarray:
    """The stored windows moved to the left, `[N, length]`; NaN where nothing is known."""
    known = np.full((len(stored), length), np.nan, np.float32)
    width = min(length, stored.shape[1])
    known[:, length - width :] = stored[:, stored.shape[1] - width :]
    columns = np.arange(length) + shift[:, None]
    stays = (columns < length) & ~is_new[:, None]
    return np.where(stays, np.take_along_axis(known, np.where(stays, columns, 0), axis=1), np.float32(np.nan))
