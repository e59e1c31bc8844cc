"""Forecasts of a feeder's elements in a file: compressed arrays, and no pickle."""

import zipfile
from pathlib import Path

import numpy as np

from metrify.errors import GridError
from metrify.grid.forecasts.hourly_forecaster import HourlyForecasts

_NAMES = ("origins", "mean_kw", "quantiles_kw")
_MEND = "Make them again: `metrify train --models grid`."


def write_forecasts(path: Path, forecasts: HourlyForecasts) -> None:
    """Writes forecasts, as float32.

    Args:
        path: The file to write, whatever its name ends with.
        forecasts: Of M elements from O origins.
    """
    with path.open("wb") as file:  # given a name, NumPy would add an ending
        np.savez_compressed(
            file,
            origins=forecasts.origins.astype(np.int64),
            mean_kw=forecasts.mean_kw.astype(np.float32),
            quantiles_kw=forecasts.quantiles_kw.astype(np.float32),
        )


def read_forecasts(path: Path, elements: int) -> HourlyForecasts:
    """Reads forecasts.

    Args:
        path: File of `write_forecasts`.
        elements: How many loads and inverters the feeder has.

    Raises:
        GridError: The file is missing or damaged, or the forecasts are those of another feeder.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            origins, mean, quantiles = (np.atleast_1d(arrays[name]) for name in _NAMES)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise GridError(f"The forecasts {path} can't be read: {error}.", _MEND) from error
    is_whole = origins.ndim == 1 and mean.ndim == 3 and quantiles.shape[:3] == mean.shape
    if not is_whole or mean.shape[0] != len(origins) or mean.shape[2] != elements:
        raise GridError(
            f"The forecasts {path} are of {mean.shape[-1]} elements from {len(origins)} hours, and "
            f"the feeder has {elements}.",
            _MEND,
        )
    return HourlyForecasts(origins, mean, quantiles)
