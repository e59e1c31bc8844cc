"""Registers that are read once, or in files that arrive one after another."""

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrify.errors import ReadingsError
from metrify.readings.sources.table_source import TableSource

from .tables import ReadTable, add_table, read_table

REGISTERS = "gives no reading: no register is read twice, 60 minutes apart, without falling"


@pytest.mark.parametrize(
    ("rows", "counted"),
    [
        ("a,2024-01-01 00:00,10\nb,2024-01-01 00:00,20\n", "0 are further apart, 0 fall"),
        ("a,2024-01-01 00:00,10\na,2024-01-02 00:00,20\n", "1 are further apart, 0 fall"),
        ("a,2024-01-01 00:00,10\na,2024-01-01 01:00,3\na,2024-01-01 02:00,2\n", "0 are further apart, 2 fall"),
    ],
)
def test_registers_that_give_no_interval_are_refused(tmp_path: Path, rows: str, counted: str) -> None:
    path = tmp_path / "readings.csv"
    path.write_text("meter_id,timestamp,kwh\n" + rows)
    with pytest.raises(ReadingsError, match=REGISTERS) as raised:
        read_table(TableSource(path, "ours", is_register=True))
    assert counted in raised.value.problem
    assert "before or after" in raised.value.mend


def test_a_meter_whose_register_gives_no_interval_is_counted_until_it_does(tmp_path: Path) -> None:
    listed = tmp_path / "meters.csv"
    listed.write_text("meter_id,district\na,north\nb,south\nc,south\n")

    def add(name: str, known: str | None, rows: str) -> ReadTable:
        path = tmp_path / f"{name}.csv"
        path.write_text("meter_id,timestamp,kwh\n" + rows)
        source = TableSource(path, "ours", meters=listed, is_register=True)
        return add_table(source, known and tmp_path / known, tmp_path / name)

    one = add("one", None, "a,2024-01-01 00:00,1\na,2024-01-01 01:00,2\nb,2024-01-01 01:00,5\n")
    assert (one.imported.meters, one.silent_meters) == (2, 2)  # of b a single register, of c none
    two = add("two", "one", "b,2024-01-01 02:00,9\n")
    assert (two.imported.meters, two.silent_meters) == (2, 1)
    readings = two.dataset.readings
    assert readings["meter_id"].tolist() == ["a", "b"]
    assert readings["timestamp"].dt.hour.tolist() == [0, 1]
    assert readings["kwh"].tolist() == [1, 4]
    assert two.dataset.meters["district"].tolist() == ["north", "south"]


@settings(max_examples=40)
@given(st.tuples(*[st.lists(st.none() | st.integers(0, 99), min_size=5, max_size=9)] * 2), st.data())
def test_however_registers_are_cut_into_two_files_the_readings_are_the_same(
    tmp_path_factory: pytest.TempPathFactory, registers: tuple[list[int | None], ...], data: st.DataObject
) -> None:
    """Registers of two digits fall, begin again and have gaps. The rows are cut in any way, by time too."""
    folder = tmp_path_factory.mktemp("registers")
    lines = [
        f"m{meter},2024-01-01 0{hour}:00,{value}"
        for meter, values in enumerate(registers)
        for hour, value in enumerate(values)
        if value is not None
    ]
    of_file = [data.draw(st.integers(0, 1)) for _ in lines]

    def add(part: list[str], name: str, known: Path | None) -> ReadTable:
        (folder / f"{name}.csv").write_text("\n".join(["meter_id,timestamp,kwh", *part, ""]))
        source = TableSource(folder / f"{name}.csv", "ours", is_register=True, register_digits=2, timezone="UTC")
        return add_table(source, known, folder / name)

    # Another meter gives each file a row, and the first one an interval.
    other = [f"m9,2024-01-01 0{hour}:00,{hour}" for hour in range(3)]
    first, second = ([line for line, at in zip(lines, of_file, strict=True) if at == file] for file in (0, 1))
    add([*first, *other[:2]], "first", None)
    joined = add([*second, *other[2:]], "second", folder / "first")
    whole = add([*lines, *other], "whole", None)
    assert joined.imported.silent_meters == whole.imported.silent_meters
    pd.testing.assert_frame_equal(joined.dataset.readings, whole.dataset.readings)
    pd.testing.assert_frame_equal(joined.dataset.meters, whole.dataset.meters)
    columns = ["meter_id", "timestamp", "register_kwh"]
    parts, together = (
        pd.read_parquet(folder / name / "registers.parquet", columns=columns) for name in ("second", "whole")
    )
    pd.testing.assert_frame_equal(parts, together)
