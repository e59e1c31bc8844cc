"""A feeder on disk: a folder with `feeder.json` and `profiles.parquet`, and no pickle.

The profiles have a column `timestamp` (UTC, start of the step) and one of each element: `load/<name>/kw`,
`load/<name>/kvar` and `sgen/<name>/kw`.
"""

import shutil
import uuid
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from metrify.errors import GridError
from metrify.grid.feeder import Feeder, Profiles
from metrify.grid.feeder_json import feeder_from_json, feeder_to_json
from metrify.readings.dataset import recover_folder, replace_folder

FEEDER_FILE, PROFILES_FILE = "feeder.json", "profiles.parquet"
_MEND = "Import the feeder again with `metrify data import-feeder`."


@dataclass(frozen=True, eq=False)
class StoredFeeder:
    """A feeder with what its elements did.

    Attributes:
        feeder: What is connected to what.
        profiles: Measured, or made up, of a year for instance.
        timezone: IANA name of the local time.
    """

    feeder: Feeder
    profiles: Profiles
    timezone: str


def profile_columns(feeder: Feeder) -> tuple[list[str], list[str], list[str]]:
    """Names of the columns of `load_kw`, `load_kvar` and `pv_kw`."""
    return (
        [f"load/{name}/kw" for name in feeder.load_names],
        [f"load/{name}/kvar" for name in feeder.load_names],
        [f"sgen/{name}/kw" for name in feeder.pv_names],
    )


def write_feeder(folder: Path, stored: StoredFeeder) -> None:
    """Writes the folder of a feeder in one step: it is complete or it is as it was.

    Raises:
        GridError: Names of elements occur twice, or a number is not finite.
    """
    text = feeder_to_json(stored.feeder, stored.timezone)
    profiles, names = stored.profiles, [*chain.from_iterable(profile_columns(stored.feeder))]
    if len(set(names)) < len(names):
        raise GridError(
            f"Elements of {stored.feeder.network.name} have the same name.", "Give each load and each inverter its own."
        )
    values = np.concatenate([profiles.load_kw, profiles.load_kvar, profiles.pv_kw], axis=1)
    frame = pd.DataFrame(values, columns=names)
    frame.insert(0, "timestamp", pd.DatetimeIndex(profiles.times, tz="UTC"))
    partial = folder.with_name(f".{folder.name}.{uuid.uuid4().hex}")
    partial.mkdir(parents=True)
    try:
        (partial / FEEDER_FILE).write_text(text, encoding="utf-8")
        frame.to_parquet(partial / PROFILES_FILE, index=False, compression="zstd")
        replace_folder(partial, folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def read_feeder(folder: Path) -> StoredFeeder:
    """Reads the folder of a feeder.

    Raises:
        GridError: It is not there, or damaged.
    """
    recover_folder(folder)
    try:
        text = (folder / FEEDER_FILE).read_text(encoding="utf-8")
        frame = pd.read_parquet(folder / PROFILES_FILE)
    except FileNotFoundError as error:
        raise GridError(f"The feeder {folder.name} lacks {Path(error.filename or '').name}.", _MEND) from error
    except (OSError, ValueError, pa.ArrowException) as error:
        raise GridError(f"The feeder {folder.name} can't be read: {error}.", _MEND) from error
    feeder, timezone = feeder_from_json(text)
    return StoredFeeder(feeder, _profiles(folder.name, feeder, frame), timezone)


def _profiles(name: str, feeder: Feeder, frame: pd.DataFrame) -> Profiles:
    columns = profile_columns(feeder)
    absent = [column for column in ("timestamp", *chain.from_iterable(columns)) if column not in frame]
    if absent:
        raise GridError(f"{PROFILES_FILE} of the feeder {name} lacks the column {absent[0]!r}.", _MEND)
    stamps = pd.DatetimeIndex(frame["timestamp"]).tz_convert("UTC").tz_localize(None)
    steps = np.unique(np.diff(stamps.to_numpy().astype("datetime64[s]").astype(np.int64)))
    if len(steps) != 1 or steps[0] <= 0 or steps[0] % 60:
        raise GridError(f"{PROFILES_FILE} of the feeder {name} has no regular steps.", _MEND)
    values = [frame[part].to_numpy(float) for part in columns]
    if not all(np.isfinite(part).all() for part in values):
        raise GridError(f"{PROFILES_FILE} of the feeder {name} has gaps.", _MEND)
    return Profiles(stamps[0].to_datetime64().astype("datetime64[s]"), int(steps[0]) // 60, *values)
