"""Releases name local days, also where the clocks skip midnight."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from metrify.config import Home, default_config
from metrify.readings.dataset import Dataset, DatasetInfo
from metrify.readings.quality.judge import ExaminedReadings, examine_readings
from metrify.steps.judge_source import Release, judge_source, release_readings

START, HOURS = pd.Timestamp("2024-04-01", tz="UTC"), 40 * 24
NOW = START + HOURS * pd.Timedelta(hours=1)
SKIPPED = pd.Timestamp("2024-04-26")  # in Cairo it began at one o'clock, which was 22:00 UTC
BAD = pd.to_datetime(["2024-04-25 21:00", "2024-04-25 22:00"], utc=True)


@pytest.fixture
def examined() -> ExaminedReadings:
    stamps = pd.date_range(START, periods=HOURS, freq="h", unit="us")
    kwh = np.resize([0.2, 0.3, 0.25, 0.4, 0.6, 0.5, 0.55], HOURS).astype(np.float32)
    kwh[stamps.isin(BAD)] = -1
    readings = pd.DataFrame({"meter_id": "a", "timestamp": stamps, "kwh": kwh})
    info = DatasetInfo("ours", 60, "Africa/Cairo", "EG", "-", "-")
    meters = pd.DataFrame({"meter_id": ["a"], "group": ["a"], "district": ["x"]})
    return examine_readings(Dataset(info, readings, meters), NOW, default_config().quality)


@pytest.mark.parametrize(
    ("first", "last", "released"),
    [
        (None, SKIPPED - pd.Timedelta(days=1), [True, False]),
        (SKIPPED, None, [False, True]),
        (SKIPPED, SKIPPED, [False, True]),
        (None, None, [True, True]),
    ],
)
def test_a_day_may_begin_at_one(
    examined: ExaminedReadings,
    metrify_home: Path,
    first: pd.Timestamp | None,
    last: pd.Timestamp | None,
    released: list[bool],
) -> None:
    home, config = Home(metrify_home), default_config()
    done = release_readings("ours", Release("a", first, last, "", "seen"), examined, config, NOW, home)
    assert done == sum(released)
    assert judge_source("ours", examined, config, home).quarantine["released"].tolist() == released
