"""Verdicts are reused exactly as long as they are the same, whatever the clock says."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from metrify.config import Home, default_config
from metrify.errors import DatasetError
from metrify.readings.dataset import Dataset, DatasetInfo, write_dataset
from metrify.readings.quality.releases import write_releases
from metrify.readings.quality.tables import METERS_FILE, QUARANTINE_FILE, read_verdict_table
from metrify.steps.accepted_readings import load_accepted_readings
from metrify.steps.validate_readings import validate_readings

START, HOUR = pd.Timestamp("2024-01-01", tz="UTC"), pd.Timedelta(hours=1)
HOURS = 30 * 24
END = START + HOURS * HOUR
REUSED = "reused the result of an earlier run"


def write(folder: Path, level: float = 0.5) -> Path:
    """Two meters over some days; the first has a negative reading at hour 30."""
    stamps = pd.date_range(START, periods=HOURS, freq="h", unit="us")
    kwh = np.resize([0.2, 0.3, 0.25, 0.4, 0.6, 0.5, 0.55, 0.3], HOURS) * level
    frames = [pd.DataFrame({"meter_id": meter, "timestamp": stamps, "kwh": kwh}) for meter in ("a", "b")]
    readings = pd.concat(frames, ignore_index=True).astype({"kwh": "float32"})
    readings.loc[30, "kwh"] = -1
    info = DatasetInfo("ours", 60, "Europe/London", "GB", "-", "-")
    write_dataset(Dataset(info, readings, pd.DataFrame({"meter_id": ["a", "b"], "group": ["a", "b"]})), folder)
    return folder


@pytest.fixture
def validate(metrify_home: Path, tmp_path: Path):
    write(tmp_path / "dataset")

    def run(now: pd.Timestamp | None = None) -> dict[str, float]:
        return validate_readings(
            tmp_path / "dataset", tmp_path / "verdicts", default_config(), Home(metrify_home), now=now
        )

    return run


def release(folder: Path) -> None:
    row = {"meter_id": "a", "first": START, "last": END, "reason": "", "released_at": END, "because": "solar roof"}
    write_releases(folder, pd.DataFrame([row]))


def test_the_figures_tell_meters_reasons_and_days(validate) -> None:
    assert validate() == {
        "accepted": 2,
        "new": 0,
        "rejected": 0,
        "quarantined": 1,
        "quarantined_negative": 1,
        "released": 0,
        "good_days": 59,
        "suspect_days": 1,
        "bad_days": 0,
    }


def test_the_clock_does_not_matter_once_all_is_past(validate, capfd: pytest.CaptureFixture) -> None:
    first = validate(END)
    assert REUSED not in capfd.readouterr().out
    for now in (END + HOUR, END + pd.Timedelta(days=4_000), None):
        assert validate(now) == first
        assert REUSED in capfd.readouterr().out


def test_verdicts_on_the_future_are_made_again_when_its_time_comes(validate, capfd: pytest.CaptureFixture) -> None:
    later = END - 3 * HOUR
    assert validate(later)["quarantined_future"] == 2 * 3
    capfd.readouterr()
    assert validate(later + pd.Timedelta(minutes=59))["quarantined_future"] == 2 * 3
    assert REUSED in capfd.readouterr().out
    assert validate(later + HOUR)["quarantined_future"] == 2 * 2
    assert REUSED not in capfd.readouterr().out
    assert "quarantined_future" not in validate(END)


def test_a_release_makes_another_result_of_the_same_readings(validate, tmp_path: Path) -> None:
    assert validate()["quarantined"] == 1
    release(tmp_path / "dataset")
    figures = validate()
    assert (figures["quarantined"], figures["released"], figures["good_days"]) == (0, 1, 60)
    assert read_verdict_table(tmp_path / "verdicts", QUARANTINE_FILE)["released"].tolist() == [True]


def test_the_home_keeps_the_releases_of_a_built_in_dataset(validate, metrify_home: Path) -> None:
    assert validate()["quarantined"] == 1
    release(metrify_home / "datasets" / "ours")
    assert validate()["released"] == 1


def test_a_quarantined_reading_is_missing_until_it_is_released(validate, tmp_path: Path) -> None:
    for released in (False, True):
        if released:
            release(tmp_path / "dataset")
        validate()
        _, meters, matrix = load_accepted_readings(tmp_path / "dataset", tmp_path / "verdicts")
        assert meters["meter_id"].tolist() == ["a", "b"]
        assert matrix.kwh.shape == (2, HOURS)
        missing = np.argwhere(np.isnan(matrix.kwh)).tolist()
        assert missing == ([] if released else [[0, 30]])
    assert matrix.kwh[0, 30] == -1


def test_readings_of_the_future_do_not_lengthen_the_matrix(validate, tmp_path: Path) -> None:
    validate(END - 5 * HOUR)
    _, _, matrix = load_accepted_readings(tmp_path / "dataset", tmp_path / "verdicts")
    assert matrix.kwh.shape == (2, HOURS - 5)


def test_without_any_good_meter_the_mend_is_told(validate, tmp_path: Path) -> None:
    write(tmp_path / "dataset", level=0)
    with pytest.raises(DatasetError, match="No meter is good enough") as raised:
        validate()
    assert "metrify data quality" in raised.value.mend
    assert not read_verdict_table(tmp_path / "verdicts", METERS_FILE)["accepted"].any()  # what is told is written, too
