"""Measured readings, exported as the registers that counted them in local time, come back as they were."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from metrify.config.home import DATA_VARIABLE
from metrify.privacy.pseudonyms import PSEUDONYM_KEY_FILE, load_or_create_key, pseudonyms_of
from metrify.readings.dataset import read_dataset

DATA_DIR = Path(os.environ.get(DATA_VARIABLE, Path(__file__).parents[3] / "shared" / "data"))
FILE = DATA_DIR / "london_halfhourly_2013.parquet"
METERS = 20
TIMEZONE = "Europe/London"


def whole_years() -> pd.DataFrame:
    """Readings of some meters that lack none in 2013, so that both clock changes are in them."""
    readings = pd.read_parquet(FILE, columns=["meter_id", "timestamp", "kwh"])
    counts = readings["meter_id"].value_counts().sort_index()
    complete = counts.index[counts == counts.max()][:METERS]
    readings = readings[readings["meter_id"].isin(complete)].sort_values(["meter_id", "timestamp"], ignore_index=True)
    return readings.assign(timestamp=readings["timestamp"].dt.as_unit("us"))


def as_registers(readings: pd.DataFrame) -> pd.DataFrame:
    """Each meter's register at every half hour of local time, in Wh, without an offset behind the stamp."""
    parts = []
    for number, (meter, own) in enumerate(readings.groupby("meter_id")):
        wh = 1000 * (number * 1234.5 + np.r_[0, own["kwh"].to_numpy(np.float64).cumsum()])
        stamps = pd.DatetimeIndex([own["timestamp"].iloc[0], *(own["timestamp"] + pd.Timedelta(minutes=30))])
        local = stamps.tz_convert(TIMEZONE).strftime("%Y-%m-%d %H:%M")
        parts.append(pd.DataFrame({"MPAN": meter, "read at": local, "register Wh": wh.round(3)}))
    return pd.concat(parts, ignore_index=True)


@pytest.mark.skipif(
    not FILE.is_file(), reason=f"{FILE.name} is missing; set {DATA_VARIABLE} to the folder that holds it"
)
def test_measured_readings_survive_an_export_as_local_registers(metrify_home: Path, tmp_path: Path) -> None:
    readings = whole_years()
    as_registers(readings).to_csv(tmp_path / "registers.csv", index=False)
    columns = ("meter_id=MPAN", "timestamp=read at", "kwh=register Wh")
    command = [sys.executable, "-m", "metrify", "data", "import", "--name", "slice", "--readings", "registers.csv"]
    command += [part for column in columns for part in ("--column", column)]
    command += ["--register", "--unit", "Wh", "--timezone", TIMEZONE, "--resolution", "30", "--json"]
    environment = {**os.environ, "METRIFY_HOME": str(metrify_home)}
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["readings"] == len(readings)

    imported = read_dataset(metrify_home / "datasets" / "slice").readings
    pseudonyms = pseudonyms_of(
        readings["meter_id"].unique(), load_or_create_key(metrify_home / "keys" / PSEUDONYM_KEY_FILE)
    )
    expected = readings.assign(meter_id=readings["meter_id"].map(pseudonyms))
    expected = expected.sort_values(["meter_id", "timestamp"], ignore_index=True)
    pd.testing.assert_frame_equal(imported[["meter_id", "timestamp"]], expected[["meter_id", "timestamp"]])
    np.testing.assert_allclose(imported["kwh"], expected["kwh"], atol=1e-5)
