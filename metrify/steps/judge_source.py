"""Judges a dataset by its name, and releases readings of it. The command line asks for both."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from metrify.config import Home, MetrifyConfig
from metrify.errors import DatasetError
from metrify.privacy.pseudonyms import PSEUDONYM_KEY_FILE, load_or_create_key, pseudonyms_of
from metrify.readings.dataset import read_dataset
from metrify.readings.day_starts import day_starts
from metrify.readings.quality.judge import ExaminedReadings, examine_readings, judge_readings
from metrify.readings.quality.releases import read_releases, write_releases
from metrify.readings.quality.tables import QualityVerdicts
from metrify.steps.ingest_readings import ingest_readings
from metrify.steps.lock import locked


@dataclass(frozen=True)
class Release:
    """What somebody lets through, and why.

    Attributes:
        meter_id: Pseudonym.
        first: Local day from which on; None for all before `last` too.
        last: Local day up to which, itself included; None for all after `first` too.
        reason: The fault that is forgiven; empty for all.
        because: Why the readings are right.
    """

    meter_id: str
    first: pd.Timestamp | None
    last: pd.Timestamp | None
    reason: str
    because: str


def examine_source(name: str, config: MetrifyConfig, now: pd.Timestamp, home: Home) -> ExaminedReadings:
    """Ingests a dataset and finds its faults.

    Args:
        name: A built-in or imported dataset.
        config: Thresholds.
        now: UTC; readings that end later are of the future.
        home: Where imported datasets and the pseudonym key lie.

    Raises:
        DatasetError: It is unknown, unreadable or breaks the contract of readings.
    """
    with tempfile.TemporaryDirectory() as folder:
        dataset = Path(folder) / "dataset"
        ingest_readings(name, dataset, home)
        return examine_readings(read_dataset(dataset), now, config.quality)


def judge_source(name: str, examined: ExaminedReadings, config: MetrifyConfig, home: Home) -> QualityVerdicts:
    """The verdicts on examined readings, with what was released of the dataset.

    A dataset's releases lie in `datasets/<name>` of the home, beside its readings if it was imported.
    """
    return judge_readings(examined, read_releases(home.datasets / name), config.quality)


def find_meter(meter: str, examined: ExaminedReadings, home: Home) -> str:
    """The pseudonym of a meter of the dataset.

    Args:
        meter: Its number or its pseudonym.
        examined: The dataset's readings.
        home: Where the pseudonym key lies.

    Raises:
        DatasetError: The dataset has no such meter.
    """
    pseudonym = pseudonyms_of([meter], load_or_create_key(home.keys / PSEUDONYM_KEY_FILE))[meter]
    elsewhere = pd.concat([readings["meter_id"] for readings in examined.wrong_stamps.values()])
    if pseudonym not in examined.matrix.meter_ids and pseudonym not in set(elsewhere):
        raise DatasetError(
            f"The dataset {examined.info.name!r} has no meter {meter!r}.", "Give its number or its pseudonym."
        )
    return pseudonym


def release_readings(
    name: str, release: Release, examined: ExaminedReadings, config: MetrifyConfig, now: pd.Timestamp, home: Home
) -> int:
    """Releases readings from quarantine; returns how many. Where there are none, nothing is written.

    Args:
        name: A built-in or imported dataset.
        release: What is let through, and why.
        examined: The dataset's readings.
        config: Which faults keep a reading out.
        now: When they are released, UTC.
        home: Where the releases lie.
    """
    folder = home.datasets / name
    with locked(home.locks / f"dataset-{name}.lock"):
        earlier = read_releases(folder)
        row = _as_row(release, examined, now)
        releases = row if earlier.empty else pd.concat([earlier, row], ignore_index=True)
        before, after = (judge_readings(examined, frame, config.quality).quarantine for frame in (earlier, releases))
        released = int(after["released"].sum() - before["released"].sum())
        if released:
            write_releases(folder, releases)
    return released


def _as_row(release: Release, examined: ExaminedReadings, now: pd.Timestamp) -> pd.DataFrame:
    stamps = examined.matrix.timestamps
    zone, day = examined.info.timezone, pd.DateOffset(days=1)
    step = pd.Timedelta(minutes=examined.info.resolution_minutes)
    first = stamps[0] if release.first is None else _day_start(release.first, zone)
    last = stamps[-1] if release.last is None else _day_start(release.last + day, zone) - step
    return pd.DataFrame(
        {
            "meter_id": [release.meter_id],
            "first": [first.as_unit("us")],
            "last": [last.as_unit("us")],
            "reason": [release.reason],
            "released_at": [now.as_unit("us")],
            "because": [release.because],
        }
    )


def _day_start(day: pd.Timestamp, timezone: str) -> pd.Timestamp:
    return day_starts(pd.DatetimeIndex([day]), timezone)[0].tz_convert("UTC")
