from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from metrify.errors import DatasetError, ReadingsError
from metrify.readings.schema import check_readings
from metrify.readings.sources.table_source import TableSource

from .tables import read_table

HEADER = "meter_id,timestamp,kwh\n"


@pytest.fixture
def read(tmp_path: Path) -> Callable:
    """Reads a CSV of the given rows."""

    def read(rows: str, header: str = HEADER, **options: object):
        path = tmp_path / "readings.csv"
        path.write_text(header + rows, encoding="utf-8")
        return read_table(TableSource(path, "ours", **options))

    return read


@pytest.fixture
def refusal(read: Callable) -> Callable[..., str]:
    """The one line with which a CSV of the given rows is refused."""

    def refuse(rows: str, header: str = HEADER, **options: object) -> str:
        with pytest.raises(DatasetError) as raised:
            read(rows, header, **options)
        assert raised.value.mend
        assert "\n" not in str(raised.value)
        return str(raised.value)

    return refuse


def test_a_table_becomes_readings_that_keep_the_contract(read: Callable) -> None:
    table = read("b,2024-07-01 00:00,2.5\na,2024-07-01 01:00,1\na,2024-07-01 00:00,0.5\n")
    readings = check_readings(table.dataset.readings)
    assert readings["meter_id"].tolist() == ["a", "a", "b"]
    assert readings["kwh"].tolist() == [0.5, 1.0, 2.5]
    assert readings["timestamp"].tolist() == [
        pd.Timestamp(stamp, tz="UTC") for stamp in ("2024-06-30 23:00", "2024-07-01 00:00", "2024-06-30 23:00")
    ]
    assert table.dataset.meters.to_dict("list") == {"meter_id": ["a", "b"], "group": ["a", "b"], "district": ["", ""]}
    assert (table.missing, table.silent_meters) == (0, 0)


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_other_names_separators_and_a_byte_order_mark_are_understood(read: Callable, delimiter: str) -> None:
    header = "\ufeffwhen,Use [kWh],MPAN,note\n".replace(",", delimiter)
    row = '2024-01-01T00:00Z,"1.5",007,"a b"\n'.replace(",", delimiter)
    table = read(row, header, columns={"meter_id": "MPAN", "timestamp": "when", "kwh": "Use [kWh]"})
    assert table.dataset.readings["meter_id"].tolist() == ["007"]  # a meter number is no number
    assert table.dataset.readings["kwh"].tolist() == [1.5]


def test_parquet_says_the_same_as_csv(read: Callable, tmp_path: Path) -> None:
    rows = "a,2024-03-30 23:00,1\na,2024-03-31 00:00,\na,2024-03-31 02:00,2\n"
    expected = read(rows)
    path = tmp_path / "readings.parquet"
    stamps = pd.to_datetime(["2024-03-30 23:00", "2024-03-31 00:00", "2024-03-31 02:00"])
    for when in (stamps, stamps.tz_localize("Europe/London"), stamps.astype(str)):
        pd.DataFrame({"meter_id": ["a"] * 3, "timestamp": when, "kwh": [1, None, 2]}).to_parquet(path)
        table = read_table(TableSource(path, "ours"))
        pd.testing.assert_frame_equal(table.dataset.readings, expected.dataset.readings)
        assert table.missing == expected.missing == 1


@pytest.mark.parametrize(("unit", "kwh"), [("kWh", 3.0), ("Wh", 0.003), ("kW", 1.5), ("W", 0.0015)])
def test_values_become_kwh_of_an_interval(read: Callable, unit: str, kwh: float) -> None:
    table = read("a,2024-01-01 00:30,3\n", unit=unit, resolution_minutes=30)
    assert table.dataset.readings["kwh"].tolist() == pytest.approx([kwh])


@pytest.mark.parametrize("nothing", ["", " ", "NaN", "NULL", "n/a", "None"])
def test_a_row_without_a_value_is_left_out_and_counted(read: Callable, nothing: str) -> None:
    """Also where its time was skipped by the clocks, is off the grid or comes twice: it claims nothing."""
    table = read(
        f"a,2024-03-31 00:00,1\na,2024-03-31 01:00,{nothing}\n"
        f"a,2024-03-31 02:17,{nothing}\na,2024-03-31 00:00,{nothing}\n"
    )
    assert len(table.dataset.readings) == 1
    assert table.missing == 3


@pytest.mark.parametrize(
    ("rows", "parts"),
    [
        ("a,2024-01-01 00:00,1\na,2024-01-01 01:00,\na,2024-01-01 00:00,2\n", ["1 row has", "earlier row", "row 3"]),
        (
            "a,2024-01-01 00:00,1\na,01/02/2024,1\nb,now,1\n",
            ["2 rows have", "'timestamp'", "'01/02/2024'", "data row 2"],
        ),
        ("a,,1\n", ["'timestamp'", "data row 1"]),
        (",2024-01-01 00:00,1\n", ["nothing in the column 'meter_id'", "data row 1"]),
        ('a,2024-01-01 00:00,"1,5"\n', ["no number in the column 'kwh'", "'1,5'", "decimal point"]),
        ("a,2024-01-01 00:00,inf\n", ["'kwh'", "'inf'"]),
        ("a,2024-01-01 00:00,2e6\n", ["more than 1e+06 kWh", "--unit"]),
        (
            "a,2024-01-01 00:30,1\na,2024-01-01 00:00,1\n",
            ["starts no interval of 60 minutes", "2024-01-01T00:30:00", "--resolution"],
        ),
        ("a,2024-10-27 01:00,1\na,2024-10-27 01:30,1\n", ["starts no interval of 60 minutes", "2024-10-27T01:30:00"]),
        ("a,2024-01-01 00:30,1\n", ["1 row has", "starts no interval", "data row 1"]),
        ("a,2024-01-01T00:30Z,1\nb,2024-01-01T00:00Z,1\n", ["starts no interval of 60 minutes", "data row 1"]),
        ("a,2024-03-31 01:00,1\n", ["clocks in Europe/London skipped", "2024-03-31T01:00:00", "offset"]),
        ("a,2024-01-01 00:00\n", ["can't be read", "Expected 3 columns, got 2"]),
        ("a,2024-01-01 00:00,\n", ["has no reading", "'kwh'"]),
        ("", ["has no reading"]),
    ],
)
def test_a_row_that_does_not_fit_is_counted_and_shown(refusal: Callable, rows: str, parts: list[str]) -> None:
    message = refusal(rows)
    assert all(part in message for part in ["readings.csv", *parts]), message


@pytest.mark.parametrize(
    ("options", "parts"),
    [
        ({"columns": {"meter_id": "MPRN"}}, ["'MPRN'", "'meter_id', 'timestamp', 'kwh'", "--column meter_id=MPAN"]),
        ({"columns": {"meter": "meter_id"}}, ["'meter'", "meter_id, timestamp, kwh, version, group, district"]),
        ({"unit": "BTU"}, ["'BTU'", "kWh, Wh, MWh"]),
        ({"timezone": "Mars/Olympus"}, ["'Mars/Olympus'", "IANA"]),
        ({"timezone": "Europe"}, ["'Europe'", "IANA"]),
        ({"country": "Atlantis"}, ["'Atlantis'", "ISO 3166"]),
        ({"resolution_minutes": 7}, ["7 minutes", "15, 30 or 60"]),
    ],
)
def test_an_option_that_does_not_fit_says_what_would(refusal: Callable, options: dict, parts: list[str]) -> None:
    message = refusal("a,2024-01-01 00:00,1\n", **options)
    assert all(part in message for part in parts), message


def test_a_column_that_comes_twice_is_refused(refusal: Callable) -> None:
    assert "2 columns 'kwh'" in refusal("a,2024-01-01 00:00,1,2\n", "meter_id,timestamp,kwh,kwh\n")


@pytest.mark.parametrize("name", ["absent.csv", "readings.xlsx", "."])
def test_a_file_that_can_not_be_read_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "readings.xlsx").write_bytes(b"PK")
    with pytest.raises(DatasetError, match=name if name != "." else str(tmp_path.name)):
        read_table(TableSource(tmp_path / name, "ours"))


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_damaged_file_is_one_line(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"readings{suffix}"
    path.write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(DatasetError, match=r"readings.* can't be read") as raised:
        read_table(TableSource(path, "ours"))
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("text", ["meter_id,timestamp,kwh,Straße\na,2024-01-01,1,x\n", f"{HEADER}Köln,2024-01-01,1\n"])
def test_a_file_in_another_encoding_says_which_is_read(tmp_path: Path, text: str) -> None:
    path = tmp_path / "readings.csv"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(DatasetError, match=r"readings.csv can't be read") as raised:
        read_table(TableSource(path, "ours"))
    assert raised.value.mend == "Save it as UTF-8."


@pytest.mark.parametrize(
    ("frame", "part"),
    [
        ({"meter_id": [1.0], "timestamp": ["2024-01-01"], "kwh": [1.0]}, "'meter_id' holds double"),
        ({"meter_id": [1], "timestamp": [1704067200], "kwh": [1.0]}, "'timestamp' holds int64"),
        ({"meter_id": [1], "timestamp": ["2024-01-01"], "kwh": [True]}, "'kwh' holds bool"),
    ],
)
def test_parquet_columns_of_another_type_are_refused(tmp_path: Path, frame: dict, part: str) -> None:
    path = tmp_path / "readings.parquet"
    pd.DataFrame(frame).to_parquet(path)
    with pytest.raises(ReadingsError, match=part):
        read_table(TableSource(path, "ours"))


def test_meters_take_group_and_district_from_their_file(read: Callable, tmp_path: Path) -> None:
    meters = tmp_path / "meters.csv"
    meters.write_text("MPAN,area,group\nb,north,x\nc,south,y\na,north,x\n")
    rows = "a,2024-01-01 00:00,1\nb,2024-01-01 00:00,1\n"
    table = read(rows, "MPAN,timestamp,kwh\n", columns={"meter_id": "MPAN", "district": "area"}, meters=meters)
    assert table.dataset.meters.to_dict("list") == {
        "meter_id": ["a", "b"],
        "group": ["x", "x"],
        "district": ["north", "north"],
    }
    assert table.silent_meters == 1


@pytest.mark.parametrize(
    ("meters", "part"),
    [
        ("meter_id\nb\n", "lacks 1 of the 1 meters that have readings, for instance 'a'"),
        ("meter_id\na\na\n", "1 row has a meter that an earlier row has"),
        ("meter_id,group\na,\n", "nothing in the column 'group'"),
        ("number\na\n", "lacks the column 'meter_id'"),
    ],
)
def test_a_meters_file_that_does_not_fit_is_refused(refusal: Callable, tmp_path: Path, meters: str, part: str) -> None:
    path = tmp_path / "meters.csv"
    path.write_text(meters)
    message = refusal("a,2024-01-01 00:00,1\n", meters=path)
    assert part in message
    assert "meters.csv" in message
