"""Files that arrive one after another: late and corrected readings, and the same again."""

import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrify.config import Home
from metrify.errors import ReadingsError
from metrify.readings.dataset import read_dataset, write_dataset
from metrify.readings.sources import table_file
from metrify.readings.sources.import_table import import_table
from metrify.readings.sources.table_source import TableSource
from metrify.readings.store import external_sort
from metrify.readings.store.changes import read_changes
from metrify.readings.store.journal import read_journal
from metrify.readings.store.read import read_readings_as_of
from metrify.steps.import_dataset import import_dataset

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
        ("a,2024-01-01 00:00,1\n", {"resolution_minutes": 30}, ["minutes 60", "30", "Leave out `--resolution`"]),
        ("a,2024-01-01 00:00,1\n", {"timezone": "UTC"}, ["London", "UTC", "Leave out `--timezone`"]),
        ("a,2024-01-01 00:00,1\n", {"country": "DE"}, ["country GB", "DE", "Leave out `--country`"]),
        ("a,2024-01-01 00:00,1\n", {"columns": {"version": "kwh"}}, ["has no versions", "Leave out"]),
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


def test_a_corrected_register_takes_back_what_the_registers_no_longer_say(arrive: Arrive) -> None:
    stamps = [f"2024-01-01 0{hour}:00" for hour in range(4)]
    rows = [f"a,{stamp},{100 + 10 * number}\n" for number, stamp in enumerate(stamps)]
    arrive("".join(rows), is_register=True)
    table = arrive(f"a,{stamps[1]},135\n", is_register=True)
    assert kwh_of(table) == {("a", "01 00:00"): 35, ("a", "01 02:00"): 10}
    arrival = table.imported.arrival
    assert (arrival.corrected, arrival.withdrawn, table.imported.resets) == (1, 1, 1)
    then = read_readings_as_of(arrive.folder(), 1, ["a"])
    assert then["kwh"].tolist() == [10, 10, 10]
    assert read_readings_as_of(arrive.folder(), 2, ["a"])["kwh"].tolist() == [35, 10]
    again = arrive(f"a,{stamps[1]},110\na,{stamps[3]},131\n", is_register=True)
    assert kwh_of(again) == {("a", "01 00:00"): 10, ("a", "01 01:00"): 10, ("a", "01 02:00"): 11}
    assert again.imported.arrival.added == 1
    assert read_changes(arrive.folder(), after=2).to_pandas()[
        ["added", "corrected", "withdrawn"]
    ].to_numpy().tolist() == [[1, 2, 0]]


def test_a_register_beyond_its_digits_is_refused(arrive: Arrive) -> None:
    with pytest.raises(ReadingsError, match=r"register of more than 3 digits .*'12345.0' in data row 1") as raised:
        arrive("a,2024-01-01 00:00,12345\na,2024-01-01 01:00,50\n", is_register=True, register_digits=3)
    assert "--register-digits" in raised.value.mend


def test_intervals_and_registers_do_not_mix(arrive: Arrive) -> None:
    arrive("a,2024-01-01 00:00,1\n")
    with pytest.raises(ReadingsError, match="imported as intervals"):
        arrive("a,2024-01-01 00:00,100\na,2024-01-01 01:00,101\n", is_register=True)


@pytest.mark.parametrize(
    ("header", "mend"),
    [
        ("meter_id,timestamp,kwh\n", "`--column meter_id=meter_id --column kwh=kwh`"),
        ("meter_id,timestamp,value\n", "`--column meter_id=meter_id --column kwh=value`"),
        ("meter,timestamp,kwh\n", "`--column meter_id=NAME --column kwh=kwh`"),
    ],
)
def test_a_name_that_is_remembered_in_vain_is_said_to_be_so(arrive: Arrive, header: str, mend: str) -> None:
    names = {"meter_id": "MPAN", "kwh": "value"}
    arrive("a,2024-01-01 00:00,1\n", "MPAN,timestamp,value\n", columns=names)
    with pytest.raises(
        ReadingsError, match=r"lacks the column 'MPAN', .* remembered from the earlier import"
    ) as raised:
        arrive("a,2024-01-01 01:00,1\n", header, columns=names)
    assert mend in raised.value.mend
    other = {"meter_id": "MPRN", "kwh": "value"}
    with pytest.raises(ReadingsError, match="lacks the column 'MPRN' for meter_id"):
        arrive("a,2024-01-01 01:00,1\n", "MPAN,timestamp,value\n", columns=other)


def test_a_dataset_that_was_not_imported_is_not_added_to(tmp_path: Path, make_dataset: Callable) -> None:
    write_dataset(make_dataset("ours"), tmp_path / "ours")
    (tmp_path / "more.csv").write_text("meter_id,timestamp,kwh\na,2024-01-01 00:00,1\n")
    with pytest.raises(ReadingsError, match="does not say how it was imported"):
        add_table(TableSource(tmp_path / "more.csv", "ours"), tmp_path / "ours", tmp_path / "out")


def test_another_resolution_is_noticed_when_it_is_added(arrive: Arrive) -> None:
    half_hours = pd.date_range("2024-01-01", periods=96, freq="30min").strftime("%Y-%m-%d %H:%M")
    arrive("".join(f"a,{stamp},1\n" for stamp in half_hours), resolution_minutes=30)
    hours = pd.date_range("2024-01-03", periods=48, freq="h").strftime("%Y-%m-%d %H:%M")
    with pytest.raises(ReadingsError, match="every 60 minutes, not every 30"):
        arrive("".join(f"a,{stamp},2\n" for stamp in hours), resolution_minutes=30)


def test_versions_of_another_kind_are_refused(arrive: Arrive) -> None:
    header = "meter_id,timestamp,kwh,issue\n"
    arrive("a,2024-01-01 00:00,3,2024-03-01\n", header, columns=VERSIONED)
    with pytest.raises(ReadingsError, match="2024-03-01, not 20240301"):
        arrive("a,2024-01-01 00:00,4,20240401\n", header, columns=VERSIONED)


@pytest.mark.parametrize("versions", [[2.0, np.nan], [2.5, 1.0], [2**63, 1]])
def test_versions_that_are_none_are_refused(tmp_path: Path, versions: list) -> None:
    stamps = pd.to_datetime(["2024-01-01 00:00", "2024-01-01 01:00"])
    path = tmp_path / "readings.parquet"
    pd.DataFrame({"meter_id": "a", "timestamp": stamps, "kwh": 1.0, "issue": versions}).to_parquet(path)
    with pytest.raises(ReadingsError, match="1 row has no version in the column 'issue'"):
        add_table(TableSource(path, "ours", VERSIONED), None, tmp_path / "out")


def test_a_meter_number_never_names_a_group(tmp_path: Path) -> None:
    def rename(numbers: list[str]) -> list[str]:
        return [f"id-of-{zlib.crc32(number.encode()):08x}" for number in numbers]

    def add(name: str, known: Path | None, rows: str, meters: str) -> pd.DataFrame:
        path, listed = tmp_path / f"{name}.csv", tmp_path / f"{name}-meters.csv"
        path.write_text("meter_id,timestamp,kwh\n" + rows)
        listed.write_text("meter_id,group\n" + meters)
        (tmp_path / name).mkdir()
        import_table(TableSource(path, "ours", meters=listed), known, tmp_path / name, rename, "2026-01-01")
        return pd.read_parquet(tmp_path / name / "meters.parquet")

    one = add("one", None, "n1,2024-01-01 00:00,1\nn2,2024-01-01 00:00,1\n", "n1,n9\nn2,shops\nn9,shops\n")
    two = add("two", tmp_path / "one", "n2,2024-01-01 01:00,1\n", "n2,n1\n")
    three = add("three", tmp_path / "two", "n2,2024-01-01 02:00,1\n", "n2,1012345678901\n")
    for meters in (one, two, three):
        assert set(meters["group"]) <= {"shops", *rename(["n1", "n2", "n9", "1012345678901"])}
    assert sorted(one["group"]) == sorted([*rename(["n9"]), "shops"])


def test_weather_of_a_file_that_is_known_is_taken_and_corrections_stay(tmp_path: Path, metrify_home: Path) -> None:
    home = Home(metrify_home)
    first, second, weather = tmp_path / "first.csv", tmp_path / "second.csv", tmp_path / "weather.csv"
    first.write_text("meter_id,timestamp,kwh\na,2024-01-01 00:00,1\n")
    second.write_text("meter_id,timestamp,kwh\na,2024-01-01 00:00,9\n")
    weather.write_text("timestamp,temperature_c\n2024-01-01 00:00,3\n")
    meters = tmp_path / "meters.csv"
    meters.write_text("meter_id,district\na,north\n")
    import_dataset(TableSource(first, "ours"), home=home)
    import_dataset(TableSource(second, "ours"), append=True, home=home)
    imported = import_dataset(TableSource(first, "ours", weather=weather, meters=meters), append=True, home=home)
    assert imported.is_replay and imported.has_surroundings
    dataset = read_dataset(home.datasets / "ours")
    assert dataset.readings["kwh"].tolist() == [9]
    assert dataset.weather is not None
    assert dataset.weather["temperature_c"].tolist() == [3]
    assert dataset.meters["district"].tolist() == ["north"]
    assert len(read_journal(home.datasets / "ours")) == 2


@pytest.mark.parametrize("content", ["", "\n\n", "  \na,b\n"])
def test_an_empty_file_is_called_so(tmp_path: Path, content: str) -> None:
    (tmp_path / "readings.csv").write_text(content)
    with pytest.raises(ReadingsError, match="is empty, or begins with an empty line"):
        add_table(TableSource(tmp_path / "readings.csv", "ours"), None, tmp_path / "out")


def test_a_correction_in_the_repeated_hour_is_no_second_pass(arrive: Arrive) -> None:
    header = "meter_id,timestamp,kwh,issue\n"
    rows = "a,2024-10-27 00:00,1,1\na,2024-10-27 01:00,2,1\na,2024-10-27 01:00,3,2\na,2024-10-27 02:00,4,1\n"
    with pytest.raises(ReadingsError, match=r"2 rows have .* happened twice"):
        arrive(rows, header, columns=VERSIONED)
    whole = "".join(f"a,2024-10-27 {hour}:00,{kwh},{{version}}\n" for kwh, hour in enumerate(("00", "01", "01", "02")))
    table = arrive(whole.format(version=1) + whole.format(version=2).replace(",2,", ",9,"), header, columns=VERSIONED)
    assert list(kwh_of(table).values()) == [0, 1, 9, 3]
