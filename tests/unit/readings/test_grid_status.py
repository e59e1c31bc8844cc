"""The status of feeders: its contract, when it is known, and its import with the meters' feeders and stations."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrify.errors import ReadingsError
from metrify.readings.dataset import fingerprint, read_dataset, write_dataset
from metrify.readings.grid_status import check_grid_status, grid_status_known_for
from metrify.readings.sources.table_source import TableSource

from .tables import add_table

START = np.datetime64("2024-01-01T00:00", "us")
MINUTE = np.timedelta64(1, "m")


def status_of(rows: list[tuple[str, int, float]]) -> pd.DataFrame:
    """Feeder, minute and loading."""
    return check_grid_status(
        pd.DataFrame(
            {
                "feeder_id": pd.Series([feeder for feeder, _, _ in rows], dtype=object),
                "timestamp": pd.DatetimeIndex([START + minute * MINUTE for _, minute, _ in rows], tz="UTC"),
                "loading_percent": np.array([value for _, _, value in rows], np.float32),
                "voltage_pu": np.full(len(rows), np.nan, np.float32),
            }
        ).astype({"timestamp": "datetime64[us, UTC]"})
    )


@given(
    st.lists(st.tuples(st.sampled_from("fg"), st.integers(0, 20), st.integers(0, 9)), unique_by=lambda row: row[:2]),
    st.integers(0, 20),
    st.integers(0, 40),
)
def test_it_is_known_when_its_interval_is_over(rows: list[tuple[str, int, int]], origin: int, delay: int) -> None:
    # Later rows of each, so many that a quarter of an hour is the most frequent distance.
    rows = [*rows, *((feeder, quarter, 0) for feeder in "fg" for quarter in range(60, 90))]
    status = status_of([(feeder, 15 * quarter, value) for feeder, quarter, value in rows])
    feeders, at = np.array(["g", "f"], dtype=object), START + 15 * origin * MINUTE
    known = grid_status_known_for(status, feeders, np.array([at, at]), 6, 15, delay)
    loading = {row[:2]: row[2] for row in rows}
    for row, feeder in enumerate(feeders):
        for step in range(-6, 0):
            is_over = 15 * (step + 1) + delay <= 0
            expected = loading.get((feeder, origin + step), np.nan) if is_over else np.nan
            np.testing.assert_array_equal(known.loading_percent[row, step], np.float32(expected))
    assert np.isnan(known.voltage_pu).all()


def test_hourly_status_holds_for_each_quarter_once_the_hour_is_over() -> None:
    status = status_of([("f", 10, 1.0), ("f", 70, 2.0)])  # hours that begin at ten past
    known = grid_status_known_for(status, np.array(["f"], dtype=object), np.array([START + 75 * MINUTE]), 4, 15)
    np.testing.assert_array_equal(known.loading_percent[0], np.float32([1, 1, 1, 1]))
    early = grid_status_known_for(status, np.array(["f"], dtype=object), np.array([START + 60 * MINUTE]), 4, 15)
    assert np.isnan(early.loading_percent).all()


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"voltage_pu": np.float32(230)}, "voltage_pu: in_range"),
        ({"loading_percent": np.float32(np.inf)}, "loading_percent: is finite"),
        ({"loading_percent": 1.0}, "loading_percent: dtype"),
        ({"feeder_id": None}, "feeder_id"),
        ({"timestamp": pd.Timestamp("2024-01-01", tz="UTC")}, "timestamp"),
        ({"current_a": 1.0}, "current_a: does not belong here"),
    ],
)
def test_what_breaks_the_contract_is_refused(change: dict[str, object], part: str) -> None:
    status = status_of([("f", 0, 1.0), ("f", 60, 2.0)])
    with pytest.raises(ReadingsError, match="The grid status breaks its contract") as raised:
        check_grid_status(status.assign(**change))
    assert part in str(raised.value)
    assert raised.value.mend


def test_a_missing_column_is_named() -> None:
    with pytest.raises(ReadingsError, match="voltage_pu: is missing"):
        check_grid_status(status_of([("f", 0, 1.0)]).drop(columns="voltage_pu"))


def source(folder: Path, status: str, kwh: float = 1, **options: object) -> TableSource:
    (folder / "r.csv").write_text(f"meter_id,timestamp,kwh\na,2024-07-01 00:00,{kwh}\nb,2024-07-01 00:00,1\n")
    (folder / "s.csv").write_text(status)
    return TableSource(folder / "r.csv", "ours", grid_status=folder / "s.csv", **options)


def test_it_is_imported_in_local_time_and_added_to(tmp_path: Path) -> None:
    one = source(tmp_path, "feeder_id,timestamp,loading_percent\nf,2024-07-01 00:00,50\nf,2024-07-01 01:00,\n")
    read = add_table(one, None, tmp_path / "one").dataset.grid_status
    assert read is not None
    assert read["timestamp"].iloc[0] == pd.Timestamp("2024-06-30 23:00", tz="UTC")
    np.testing.assert_array_equal(read["loading_percent"], np.float32([50, np.nan]))
    assert read["voltage_pu"].isna().all()
    two = source(tmp_path, "feeder_id,timestamp,voltage_pu,loading_percent\nf,2024-07-01 01:00,0.98,60\n", kwh=2)
    joined = add_table(two, tmp_path / "one", tmp_path / "two").dataset
    assert joined.grid_status is not None
    assert joined.grid_status["loading_percent"].tolist() == [50, 60]
    before = fingerprint(tmp_path / "two")
    write_dataset(joined, tmp_path / "again")
    pd.testing.assert_frame_equal(read_dataset(tmp_path / "again").grid_status, joined.grid_status)
    (tmp_path / "two" / "grid_status.parquet").unlink()
    assert fingerprint(tmp_path / "two") != before


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("timestamp\n2024-01-01 00:00\n", "neither loading_percent nor voltage_pu"),
        ("timestamp,voltage_pu\n2024-01-01 00:00,231\n", "in_range"),
        ("timestamp,loading_percent\n2024-01-01 00:00,1\n2024-01-01 00:00,2\n", "'feeder 2024-01-01 00:00"),
        ("timestamp,loading_percent\n2024-01-01 00:00,high\n", "'high'"),
        (
            "timestamp,loading_percent\n2024-01-01 00:00,1\n2024-01-01 00:15,1\n",
            "The grid status in s.csv has values every 15 minutes",
        ),
        ("timestamp,loading_percent\n", "s.csv has no row"),
        ("timestamp,loading_percent\n2024-03-31 01:00,1\n", "skipped"),
        ("feeder_id,timestamp,loading_percent\n,2024-01-01 00:00,1\n", "'feeder_id'"),
        ("loading_percent\n1\n", "it has 'loading_percent'. Rename the right one to 'timestamp' in the file."),
    ],
)
def test_a_table_that_does_not_fit_is_refused(tmp_path: Path, text: str, part: str) -> None:
    with pytest.raises(ReadingsError) as raised:
        add_table(source(tmp_path, text), None, tmp_path / "one")
    assert part in str(raised.value)
    assert raised.value.mend


def test_meters_keep_their_feeder_and_station(tmp_path: Path) -> None:
    status = "timestamp,loading_percent\n2024-07-01 00:00,50\n"
    (tmp_path / "m.csv").write_text("meter_id,feeder,station_id\na,f1,north\nb,f2,south\n")
    options = {"meters": tmp_path / "m.csv", "columns": {"feeder_id": "feeder"}}
    meters = add_table(source(tmp_path, status, **options), None, tmp_path / "one").dataset.meters
    assert meters[["meter_id", "feeder_id", "station_id"]].to_numpy().tolist() == [
        ["a", "f1", "north"],
        ["b", "f2", "south"],
    ]
    assert meters[["group", "district"]].to_numpy().tolist() == [["a", ""], ["b", ""]]
    # A later file that tells only of districts, and one without any meters file, forget no feeder.
    (tmp_path / "m.csv").write_text("meter_id,district\na,hill\nb,hill\n")
    later = source(tmp_path, status, kwh=2, meters=tmp_path / "m.csv")
    again = add_table(later, tmp_path / "one", tmp_path / "two").dataset.meters
    assert again[["feeder_id", "district"]].to_numpy().tolist() == [["f1", "hill"], ["f2", "hill"]]
    bare = source(tmp_path, status, kwh=3)
    last = add_table(bare, tmp_path / "two", tmp_path / "three").dataset.meters
    pd.testing.assert_frame_equal(last, again)
