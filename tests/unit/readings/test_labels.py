"""Labels: their contract, their import in local time, and how later ones correct earlier ones."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pytest

from metrify.errors import ReadingsError
from metrify.readings.dataset import fingerprint, read_dataset, write_dataset
from metrify.readings.labels import check_labels
from metrify.readings.sources.import_table import ImportedTable, import_table
from metrify.readings.sources.table_source import TableSource

from .tables import NOW

KINDS = ("theft", "stuck", "other")


def rename(numbers: Sequence[str]) -> list[str]:
    return [f"id-{number}" for number in numbers]


def import_labels(
    folder: Path, text: str, known: Path | None = None, kwh: float = 1, **options: object
) -> ImportedTable:
    """A dataset `new` of meters a and b in a folder, with labels."""
    (folder / "r.csv").write_text(f"MPAN,timestamp,kwh\na,2024-07-01 00:00,{kwh}\nb,2024-07-01 00:00,1\n")
    (folder / "l.csv").write_text(text)
    source = TableSource(folder / "r.csv", "ours", {"meter_id": "MPAN"}, labels=folder / "l.csv", **options)
    (folder / "new").mkdir()
    return import_table(source, known, folder / "new", rename, NOW, label_kinds=KINDS)


def rows_of(folder: Path) -> list[tuple[str, str, str, str]]:
    labels = pd.read_parquet(folder / "new" / "labels.parquet")
    stamps = (labels[name].dt.strftime("%m-%d %H:%M") for name in ("start", "end"))
    return list(zip(labels["meter_id"], *stamps, labels["kind"], strict=True))


def test_dates_are_local_days_and_stamps_local_or_with_an_offset(tmp_path: Path) -> None:
    text = "meter_id,start,end,kind\nb,2024-03-30,2024-04-01, theft \na,2024-07-01 12:30,2024-07-02T00:00Z,\n"
    assert import_labels(tmp_path, text).labels == 2
    assert rows_of(tmp_path) == [
        ("id-a", "07-01 11:30", "07-02 00:00", ""),
        ("id-b", "03-30 00:00", "03-31 23:00", "theft"),
    ]


def test_the_meter_may_be_called_as_in_the_readings_and_kinds_left_out(tmp_path: Path) -> None:
    import_labels(tmp_path, "MPAN;start;end\na;2024-07-01;2024-07-02\n")
    assert rows_of(tmp_path) == [("id-a", "06-30 23:00", "07-01 23:00", "")]


@pytest.mark.parametrize(
    ("timezone", "date", "expected"),
    [("Africa/Cairo", "2024-04-26", "04-25 22:00"), ("America/Havana", "2024-11-03", "11-03 04:00")],
)
def test_a_day_begins_at_its_first_instant_where_midnight_is_skipped_or_comes_twice(
    tmp_path: Path, timezone: str, date: str, expected: str
) -> None:
    import_labels(tmp_path, f"meter_id,start,end\na,{date},2024-12-01\n", timezone=timezone)
    assert rows_of(tmp_path)[0][1] == expected


def test_dates_of_a_parquet_file_are_days_too(tmp_path: Path) -> None:
    import_labels(tmp_path, "meter_id,start,end\na,2024-07-01,2024-07-02\n")
    days = pd.to_datetime(pd.Series(["2024-07-03", "2024-07-04"])).dt.date
    table = pd.DataFrame({"meter_id": ["b"], "start": days[:1].to_numpy(), "end": days[1:].to_numpy(), "kind": [None]})
    table.to_parquet(tmp_path / "l.parquet")
    source = TableSource(tmp_path / "r.csv", "ours", {"meter_id": "MPAN"}, labels=tmp_path / "l.parquet")
    known = (tmp_path / "new").rename(tmp_path / "known")
    (tmp_path / "new").mkdir()
    again = import_table(source, known, tmp_path / "new", rename, NOW)
    assert again.is_replay and again.has_surroundings and again.labels == 2
    assert rows_of(tmp_path)[1] == ("id-b", "07-02 23:00", "07-03 23:00", "")


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("meter_id,start,end\n", "l.csv has no row"),
        ("meter_id,start\na,2024-07-01\n", "lacks the column 'end'"),
        ("start,end\n2024-07-01,2024-07-02\n", "lacks the column 'meter_id'"),
        (
            "meter_id,start,end\na,2024-07-01,2024-07-02\nc,2024-07-01,2024-07-02\n",
            "dataset, for instance 'c' in data row 2",
        ),
        ("meter_id,start,end\na,2024-07-01,2024-07-01\n", "no later than the start, of the meter, for instance 'a' in"),
        ("meter_id,start,end\na,2024-07-01,\n", "stamp in the column 'end'"),
        ("meter_id,start,end\na,1 July,2024-07-02\n", "'1 July' in data row 1"),
        ("meter_id,start,end\na,2024-03-31 01:30,2024-04-02\n", "skipped or passed twice"),
        (
            "meter_id,start,end\na,2024-10-27 01:00,2024-10-28\na,2024-10-27 01:00,2024-10-29\n"
            "a,2024-10-28 09:30,2024-10-30\n",
            "skipped or passed twice",
        ),
        ("meter_id,start,end,kind\na,2024-07-01,2024-07-02,Theft\n", "'Theft' in data row 1"),
        ("meter_id,start,end\na,2024-07-01,2024-07-02\na,2024-07-01,2024-07-03\n", "meter and start of an earlier row"),
        (
            "meter_id,start,end,kind\na,2024-07-04,2024-07-05,theft\na,2024-07-01,2024-07-09,theft\n"
            "a,2024-07-02,2024-07-03,theft\n",
            "2 rows have a label that overlaps another one of the same meter and kind, for instance 'a' in data row 1",
        ),
        ("meter_id,start,end\n,2024-07-01,2024-07-02\n", "nothing in the column 'meter_id'"),
    ],
)
def test_a_file_that_does_not_fit_is_refused(tmp_path: Path, text: str, part: str) -> None:
    with pytest.raises(ReadingsError) as raised:
        import_labels(tmp_path, text)
    assert part in str(raised.value)
    assert raised.value.mend
    assert not (tmp_path / "new" / "labels.parquet").exists()


def test_labels_of_other_kinds_and_meters_may_overlap_and_of_one_kind_touch(tmp_path: Path) -> None:
    text = (
        "meter_id,start,end,kind\na,2024-07-01,2024-07-09,theft\na,2024-07-09,2024-07-10,theft\n"
        "a,2024-07-02,2024-07-03,stuck\nb,2024-07-01,2024-07-09,theft\n"
    )
    assert import_labels(tmp_path, text).labels == 4


def test_later_labels_add_to_earlier_ones_or_correct_them(tmp_path: Path) -> None:
    import_labels(
        tmp_path,
        "meter_id,start,end,kind\na,2024-01-01,2024-01-03,\na,2024-01-05,2024-01-09,theft\nb,2024-01-05,2024-01-09,theft\n",
    )
    known = (tmp_path / "new").rename(tmp_path / "known")
    text = (
        "meter_id,start,end,kind\n"
        "a,2024-01-01,2024-01-02,stuck\n"  # the same start
        "a,2024-01-04,2024-01-06,theft\n"  # the same kind and a time in common
        "b,2024-01-06,2024-01-07,stuck\n"  # neither
    )
    assert import_labels(tmp_path, text, known, kwh=2).labels == 4
    assert rows_of(tmp_path) == [
        ("id-a", "01-01 00:00", "01-02 00:00", "stuck"),
        ("id-a", "01-04 00:00", "01-06 00:00", "theft"),
        ("id-b", "01-05 00:00", "01-09 00:00", "theft"),
        ("id-b", "01-06 00:00", "01-07 00:00", "stuck"),
    ]


def test_they_are_part_of_the_dataset(tmp_path: Path) -> None:
    import_labels(tmp_path, "meter_id,start,end\na,2024-07-01,2024-07-02\n")
    dataset = read_dataset(tmp_path / "new")
    write_dataset(dataset, tmp_path / "again")
    pd.testing.assert_frame_equal(read_dataset(tmp_path / "again").labels, dataset.labels)
    before = fingerprint(tmp_path / "again")
    (tmp_path / "again" / "labels.parquet").unlink()
    assert fingerprint(tmp_path / "again") != before
    assert read_dataset(tmp_path / "again").labels is None


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"end": pd.Timestamp("2024-01-01", tz="UTC").as_unit("us")}, "ends after its start"),
        ({"kind": None}, "kind: not_nullable"),
        ({"note": "x"}, "note: does not belong here"),
    ],
)
def test_what_breaks_the_contract_is_refused(change: dict[str, object], part: str) -> None:
    stamps = pd.DatetimeIndex(["2024-01-02", "2024-01-03"], tz="UTC").as_unit("us")
    labels = pd.DataFrame({"meter_id": ["a"], "start": stamps[:1], "end": stamps[1:], "kind": ["theft"]})
    assert len(check_labels(labels)) == 1
    with pytest.raises(ReadingsError, match="The labels break their contract") as raised:
        check_labels(labels.assign(**change))
    assert part in str(raised.value)
