"""Files that are pushed: what is read of them, and what is refused with its row."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from metrify.adapters.materialised_readings import StoredPlace
from metrify.errors import DatasetError, ReadingsError, UsageError
from metrify.steps.read_pushed_file import read_pushed_readings, read_pushed_windows

NOW = pd.Timestamp("2024-04-02 12:00", tz="UTC")
PLACE = StoredPlace("Europe/Berlin", "DE", 2, 60, pd.Timestamp("2024-03-31 22:00", tz="UTC"), "ours")


def readings_file(folder: Path, *rows: str, header: str = "meter_id,timestamp,kwh") -> Path:
    path = folder / "readings.csv"
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def test_readings_are_read_as_utc_and_empty_ones_are_counted(tmp_path: Path) -> None:
    rows = ("7,2024-04-01T02:00+02:00,0.5", "7,2024-04-01T01:00Z,", "8,2024-03-31T23:00Z,-1")
    path = readings_file(tmp_path, *rows, header="MPAN,timestamp,kwh")
    readings, empty = read_pushed_readings(path, {"meter_id": "MPAN"}, PLACE, NOW)
    assert empty == 1
    assert readings["meter_id"].tolist() == ["7", "8"]
    assert readings["timestamp"].tolist() == [pd.Timestamp("2024-04-01 00:00"), pd.Timestamp("2024-03-31 23:00")]
    assert readings["kwh"].tolist() == [0.5, -1]


@pytest.mark.parametrize(
    ("row", "part"),
    [
        ("7,2024-04-01T02:00,0.5", "without an offset"),
        ("7,2024-04-02T11:30Z,0.5", "not over"),
        ("7,2024-04-01T02:00Z,much", "no number"),
        ("7,2024-04-01T02:00Z,2e6", "more than 1e\\+06 kWh"),
    ],
)
def test_a_reading_that_does_not_fit_is_refused(tmp_path: Path, row: str, part: str) -> None:
    path = readings_file(tmp_path, "7,2024-04-01T02:00Z,0.5", row)
    with pytest.raises(ReadingsError, match=f"{part}.*in data row 2"):
        read_pushed_readings(path, {}, PLACE, NOW)


def test_a_column_that_is_not_read_and_a_file_that_is_not_there_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no column 'version'"):
        read_pushed_readings(readings_file(tmp_path), {"version": "v"}, PLACE, NOW)
    with pytest.raises(DatasetError, match=r"absent\.csv can't be read"):
        read_pushed_windows(tmp_path / "absent.csv", {}, 2, PLACE, NOW)


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_windows_are_read_from_both_kinds_of_file(tmp_path: Path, suffix: str) -> None:
    path, ends = tmp_path / f"windows.{suffix}", ["2024-03-31T22:00Z", "2024-04-01T02:00+02:00"]
    frame = pd.DataFrame({"meter_id": ["7", "8"], "window_end": ends, "load_window": [[0.5, None], [1.0, 2.0]]})
    if suffix == "csv":
        frame["load_window"] = ["[0.5, null]", "[1, 2.0]"]
        frame.to_csv(path, index=False)
    else:
        frame.to_parquet(path)
    meters, window_ends, windows = read_pushed_windows(path, {}, 2, PLACE, NOW)
    assert meters == ["7", "8"]
    assert window_ends.tolist() == [PLACE.online_until, PLACE.online_until + pd.Timedelta(hours=2)]
    np.testing.assert_array_equal(windows, np.array([[0.5, np.nan], [1, 2]], np.float32))


@pytest.mark.parametrize(
    ("end", "cell", "part"),
    [
        ("2024-03-31T22:30Z", "[1, 2]", "within an interval of 60 minutes"),
        ("2024-03-31T22:00Z", "[1]", "no list of 2 numbers"),
        ("2024-03-31T22:00Z", "[1, true]", "no list of 2 numbers"),
        ("2024-03-31T22:00Z", "1;2", "no list of 2 numbers"),
        ("2024-03-31T22:00Z", "[1, Infinity]", "more than"),
    ],
)
def test_a_window_that_does_not_fit_is_refused(tmp_path: Path, end: str, cell: str, part: str) -> None:
    path = tmp_path / "windows.csv"
    pd.DataFrame({"meter_id": ["7"], "window_end": [end], "load_window": [cell]}).to_csv(path, index=False)
    with pytest.raises(ReadingsError, match=f"{part}.*in data row 1"):
        read_pushed_windows(path, {}, 2, PLACE, NOW)
