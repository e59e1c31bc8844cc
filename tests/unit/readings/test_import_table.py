"""Files that arrive one after another: late and corrected readings, and the same again."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrify.errors import ReadingsError
from metrify.readings.dataset import read_dataset
from metrify.readings.sources import table_file
from metrify.readings.sources.table_source import TableSource
from metrify.readings.store import external_sort
from metrify.readings.store.changes import read_changes
from metrify.readings.store.journal import read_journal

from .tables import ReadTable, add_table

VERSIONED = {"version": "issue"}
Arrive = Callable[..., ReadTable]


@pytest.fixture
def arrive(tmp_path: Path) -> Arrive:
    """Adds a file to the dataset of the test, one folder an arrival."""
    folders: list[Path] = []

    def arrive(rows: str, header: str = "meter_id,timestamp,kwh\n", **options: object) -> ReadTable:
        path = tmp_path / f"{len(folders)}.csv"
        path.write_text(header + rows)
        folder = tmp_path / f"dataset-{len(folders)}"
        table = add_table(TableSource(path, "ours", **options), folders[-1] if folders else None, folder)
        folders.append(folders[-1] if table.imported.is_replay else folder)
        return table

    arrive.folder = lambda: folders[-1]  # type: ignore[attr-defined]
    return arrive


def kwh_of(table: ReadTable) -> dict[tuple[str, str], float]:
    readings = table.dataset.readings
    stamps = readings["timestamp"].dt.strftime("%d %H:%M")
    return dict(zip(zip(readings["meter_id"], stamps, strict=True), readings["kwh"].tolist(), strict=True))


def test_late_and_corrected_readings_are_told_apart(arrive: Arrive) -> None:
    arrive("a,2024-01-01 00:00,1\na,2024-01-01 01:00,2\nb,2024-01-01 00:00,3\n")
    table = arrive("b,2024-01-01 00:00,3\na,2024-01-01 01:00,5\nc,2024-01-01 00:00,7\na,2024-01-01 02:00,\n")
    assert kwh_of(table) == {("a", "01 00:00"): 1, ("a", "01 01:00"): 5, ("b", "01 00:00"): 3, ("c", "01 00:00"): 7}
    arrival = table.imported.arrival
    assert (arrival.data_version, arrival.added, arrival.corrected) == (2, 1, 1)
    assert (arrival.duplicates, arrival.missing) == (1, 1)
    history = pd.read_parquet(arrive.folder() / "superseded.parquet")
    assert history[["meter_id", "kwh", "arrived", "superseded"]].to_numpy().tolist() == [["a", 2.0, 1, 2]]
    changes = read_changes(arrive.folder(), after=1).to_pandas()
    assert changes[["meter_id", "added", "corrected"]].to_numpy().tolist() == [["a", 0, 1], ["c", 1, 0]]
    assert table.dataset.meters["meter_id"].tolist() == ["a", "b", "c"]


def test_the_same_file_again_changes_nothing(arrive: Arrive) -> None:
    first, second = "a,2024-01-01 00:00,1\n", "a,2024-01-01 00:00,2\n"
    arrive(first)
    arrive(second)
    before = {path.name: path.read_bytes() for path in arrive.folder().iterdir()}
    for rows in (first, second):
        table = arrive(rows)
        assert table.imported.is_replay
        assert kwh_of(table) == {("a", "01 00:00"): 2}
    assert {path.name: path.read_bytes() for path in arrive.folder().iterdir()} == before


def test_a_version_that_comes_late_stays_in_the_history(arrive: Arrive) -> None:
    header = "meter_id,timestamp,kwh,issue\n"
    arrive("a,2024-01-01 00:00,3,2024-01-03\na,2024-01-01 01:00,1,2024-01-03\n", header, columns=VERSIONED)
    table = arrive("a,2024-01-01 00:00,2,2024-01-02\na,2024-01-01 01:00,4,2024-01-04\n", header, columns=VERSIONED)
    assert kwh_of(table) == {("a", "01 00:00"): 3, ("a", "01 01:00"): 4}
    assert (table.imported.arrival.superseded, table.imported.arrival.corrected) == (1, 1)


@settings(max_examples=25)
@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=10),
    st.lists(st.integers(0, 9), min_size=1, max_size=3),
)
def test_however_the_rows_are_cut_into_files_the_readings_are_the_same(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[int, int, int]], cuts: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("cut")
    lines = [
        f"m{meter},2024-01-01 0{hour}:00,{(meter + 2 * hour + version) % 3},{version}" for meter, hour, version in rows
    ]
    ends = sorted({min(cut, len(lines)) for cut in cuts} | {len(lines)})
    starts = [0, *ends[:-1]]
    parts = [lines[start:end] for start, end in zip(starts, ends, strict=True) if end > start]

    def read(files: list[list[str]], name: str) -> pd.DataFrame:
        known = None
        for number, part in enumerate(files):
            path = folder / f"{name}-{number}.csv"
            path.write_text("meter_id,timestamp,kwh,issue\n" + "\n".join(part) + "\n")
            output = folder / f"{name}-{number}"
            if not add_table(TableSource(path, "ours", VERSIONED), known, output).imported.is_replay:
                known = output
        assert known is not None
        return pd.read_parquet(known / "readings.parquet").drop(columns="arrived")

    whole = read([lines], "whole")
    pd.testing.assert_frame_equal(read(parts, "parts"), whole)
    pd.testing.assert_frame_equal(read([*parts[::-1], *parts], "again"), whole)


@pytest.mark.parametrize(
    ("second", "options", "parts"),
    [
        ("a,2024-01-01 00:00,1\na,2024-01-01 00:00,2\n", {}, ["1 row has another value", "data row 2"]),
        ("a,2024-01-01 00:00,1\n", {"resolution_minutes": 30}, ["resolution minutes 60", "30"]),
        ("a,2024-01-01 00:00,1\n", {"timezone": "UTC"}, ["timezone Europe/London", "UTC"]),
        ("a,2024-01-01 00:00,1\n", {"columns": {"version": "kwh"}}, ["have no versions", "Leave out"]),
    ],
)
def test_a_file_that_does_not_fit_the_dataset_is_refused(
    arrive: Arrive, second: str, options: dict, parts: list[str]
) -> None:
    arrive("a,2024-01-01 00:00,1\n")
    with pytest.raises(ReadingsError) as raised:
        arrive(second, **options)
    assert raised.value.mend
    assert all(part in str(raised.value) for part in parts), str(raised.value)
    assert len(read_journal(arrive.folder())) == 1


def register_file(readings: pd.DataFrame, timezone: str, path: Path, start_kwh: float, range_kwh: float) -> None:
    """Writes the registers that would have counted the readings, in local time and Wh."""
    step = pd.Timedelta(minutes=30)
    rows = []
    for meter, own in readings.groupby("meter_id", sort=False):
        counted = np.round((start_kwh + np.r_[0, own["kwh"].to_numpy(np.float64).cumsum()]) % range_kwh, 3)
        stamps = pd.DatetimeIndex([own["timestamp"].iloc[0], *(own["timestamp"] + step)]).tz_convert(timezone)
        rows.append(
            pd.DataFrame({"MPAN": meter, "read_at": stamps.tz_localize(None).astype(str), "Wh": 1000 * counted})
        )
    pd.concat(rows).to_csv(path, index=False)


@pytest.mark.parametrize("day", ["2013-03-30", "2013-10-26", "2013-07-01"])
@pytest.mark.parametrize("start_kwh", [0.0, 9_990.0])
def test_registers_in_local_time_become_the_intervals_they_counted(tmp_path: Path, day: str, start_kwh: float) -> None:
    stamps = pd.date_range(pd.Timestamp(day, tz="Europe/London"), periods=150, freq="30min").tz_convert("UTC")
    kwh = np.random.default_rng(0).integers(0, 3_000, (3, len(stamps))) / 1000
    readings = pd.DataFrame(
        {"meter_id": np.repeat(["a", "b", "c"], len(stamps)), "timestamp": np.tile(stamps, 3), "kwh": kwh.ravel()}
    )
    path = tmp_path / "registers.csv"
    register_file(readings, "Europe/London", path, start_kwh, 10_000.0)
    columns = {"meter_id": "MPAN", "timestamp": "read_at", "kwh": "Wh"}
    source = TableSource(path, "ours", columns, unit="Wh", resolution_minutes=30, is_register=True, register_digits=7)
    table = add_table(source, None, tmp_path / "dataset")
    read = table.dataset.readings
    assert read["timestamp"].tolist() == readings["timestamp"].tolist()
    np.testing.assert_allclose(read["kwh"], readings["kwh"], atol=1e-6)
    assert table.imported.rollovers == (3 if start_kwh else 0)


def test_registers_that_arrive_apart_have_no_seam(arrive: Arrive) -> None:
    arrive("a,2024-01-01 00:00,10\na,2024-01-01 01:00,11\n", is_register=True)
    table = arrive("a,2024-01-01 02:00,13\na,2024-01-01 04:00,20\na,2024-01-01 05:00,4\n", is_register=True)
    assert kwh_of(table) == {("a", "01 00:00"): 1, ("a", "01 01:00"): 2}
    assert (table.imported.register_gaps, table.imported.resets) == (1, 1)
    corrected = arrive("a,2024-01-01 01:00,12\n", is_register=True)
    assert kwh_of(corrected) == {("a", "01 00:00"): 2, ("a", "01 01:00"): 1}
    assert corrected.imported.arrival.corrected == 2


def test_read_dataset_gives_the_contract_alone(arrive: Arrive) -> None:
    arrive("a,2024-01-01 00:00,1\n")
    assert list(read_dataset(arrive.folder()).readings) == ["meter_id", "timestamp", "kwh"]


def test_a_file_of_many_parts_is_the_same_as_one_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stamps = pd.date_range("2024-03-01", periods=1_500, freq="h", tz="UTC").tz_convert("Europe/London")
    meters = [f"m{number:02d}" for number in range(13)]
    frame = pd.DataFrame({"meter_id": meters * len(stamps), "timestamp": np.repeat(stamps.astype(str), len(meters))})
    frame["kwh"] = np.arange(len(frame)) % 997
    frame.to_csv(tmp_path / "all.csv", index=False)
    source = TableSource(tmp_path / "all.csv", "ours")
    whole = add_table(source, None, tmp_path / "whole")
    monkeypatch.setattr(external_sort, "_PART_ROWS", 2_000)
    monkeypatch.setattr(external_sort, "_BATCH_ROWS", 2_048)
    monkeypatch.setattr(table_file, "_CSV_BLOCK_BYTES", 40_000)
    parts = add_table(source, None, tmp_path / "parts")
    assert pq.ParquetFile(tmp_path / "parts" / "readings.parquet").num_row_groups > 5
    pd.testing.assert_frame_equal(parts.dataset.readings, whole.dataset.readings)
    assert parts.dataset.readings["kwh"].sum() == frame["kwh"].sum()
    late = tmp_path / "late.csv"
    frame.iloc[5::7].assign(kwh=1_000).to_csv(late, index=False)
    added = add_table(TableSource(late, "ours"), tmp_path / "parts", tmp_path / "added")
    assert added.imported.arrival.corrected == len(frame.iloc[5::7])
    assert added.imported.readings == len(frame)
    assert (added.dataset.readings["kwh"] == 1_000).sum() == len(frame.iloc[5::7])


@pytest.mark.parametrize("row", [5, 15_000])
def test_a_fault_in_any_part_is_shown_with_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, row: int) -> None:
    monkeypatch.setattr(table_file, "_CSV_BLOCK_BYTES", 40_000)
    stamps = pd.date_range("2024-03-01", periods=20_000, freq="h").astype(str).to_numpy(object)
    stamps[row] = "soon"
    path = tmp_path / "all.csv"
    pd.DataFrame({"meter_id": "a", "timestamp": stamps, "kwh": 1}).to_csv(path, index=False)
    with pytest.raises(ReadingsError, match=f"1 row has no ISO 8601 stamp .*'soon' in data row {row + 1}"):
        add_table(TableSource(path, "ours", timezone="UTC"), None, tmp_path / "out")
