"""Stamps in local time over the days on which clocks change."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrify.errors import ReadingsError
from metrify.readings.sources.local_time import resolve_local_times
from metrify.readings.sources.table_source import TableSource

from .tables import read_table

AUTUMN = "2024-10-27"  # clocks in London go back from 02:00 to 01:00


def resolve(meter_times: list[tuple[str, str]], resolution_minutes: int = 60) -> list[str]:
    """The UTC hours and minutes of London times on the autumn day; "?" where they can't be told."""
    meters, _ = pd.factorize(np.array([meter for meter, _ in meter_times], dtype=object))
    local = np.array([f"{AUTUMN}T{time}" for _, time in meter_times], dtype="datetime64[ns]")
    resolved = resolve_local_times(local, meters, "Europe/London", resolution_minutes)
    assert (np.isnat(resolved.utc) == resolved.ambiguous).all()
    return ["?" if np.isnat(time) else str(time)[11:16] for time in resolved.utc]


def of_a(*times: str) -> list[tuple[str, str]]:
    return [("a", time) for time in times]


def test_an_ordered_full_hour_is_told_apart() -> None:
    assert resolve(of_a("00:00", "01:00", "01:00", "02:00")) == ["23:00", "00:00", "01:00", "02:00"]


def test_half_hours_come_in_two_passes() -> None:
    times = of_a("00:30", "01:00", "01:30", "01:00", "01:30")
    assert resolve(times, 30) == ["23:30", "00:00", "00:30", "01:00", "01:30"]


def test_each_meter_is_told_apart_by_its_own_rows() -> None:
    times = [("a", "00:00"), ("b", "00:00"), ("a", "01:00"), ("b", "01:00"), ("a", "01:00"), ("b", "01:00")]
    assert resolve(times) == ["23:00", "23:00", "00:00", "00:00", "01:00", "01:00"]


@pytest.mark.parametrize(
    ("times", "resolution_minutes"),
    [
        (of_a("00:00", "01:00", "02:00"), 60),  # one of the two is missing
        (of_a("02:00", "01:00", "01:00", "00:00"), 60),  # backwards
        (of_a("01:00", "01:00"), 60),  # forwards or backwards?
        (of_a("00:00", "01:00", "02:00", "01:00"), 60),  # apart
        (of_a("00:30", "01:00", "01:00", "01:30", "02:00"), 30),  # one of the four is missing
        (of_a("00:30", "01:00", "01:00", "01:30", "01:30"), 30),  # sorted by local time
        (of_a("00:00", "01:00", "01:00", "01:00"), 60),  # three times
        ([("b", "00:00"), *of_a("01:00"), ("c", "01:00")], 60),  # of two meters
    ],
)
def test_what_the_rows_do_not_tell_stays_untold(times: list[tuple[str, str]], resolution_minutes: int) -> None:
    told = resolve(times, resolution_minutes)
    for (_, time), utc in zip(times, told, strict=True):
        assert (utc == "?") == time.startswith("01")


def test_an_untold_reading_is_refused_and_an_untold_gap_is_not(tmp_path: Path) -> None:
    path = tmp_path / "readings.csv"
    path.write_text(f"meter_id,timestamp,kwh\na,{AUTUMN} 00:00,1\na,{AUTUMN} 01:00,2\na,{AUTUMN} 02:00,3\n")
    with pytest.raises(ReadingsError, match=r"1 row has .* happened twice in Europe/London .*data row 2") as raised:
        read_table(TableSource(path, "ours"))
    assert "in order" in raised.value.mend
    assert "offset" in raised.value.mend
    path.write_text(path.read_text().replace(",2\n", ",\n"))
    assert read_table(TableSource(path, "ours")).missing == 1


@given(
    place=st.sampled_from(
        [
            ("Europe/London", "2024-10-27"),
            ("Europe/London", "2024-03-31"),
            ("Europe/Berlin", "2023-10-29"),
            ("America/New_York", "2024-11-03"),
            ("America/St_Johns", "2024-03-10"),
            ("Australia/Sydney", "2024-04-07"),
            ("Asia/Kolkata", "2024-04-07"),
        ]
    ),
    resolution_minutes=st.sampled_from([15, 30, 60]),
    hours_before=st.integers(14, 30),
    meters=st.integers(1, 3),
    by_time=st.booleans(),
    with_offset=st.booleans(),
)
def test_what_is_written_in_local_time_is_read_as_it_was(
    tmp_path_factory: pytest.TempPathFactory,
    place: tuple[str, str],
    resolution_minutes: int,
    hours_before: int,
    meters: int,
    by_time: bool,
    with_offset: bool,
) -> None:
    timezone, day = place
    start = pd.Timestamp(day, tz=timezone).tz_convert("UTC") - pd.Timedelta(hours=hours_before)
    stamps = pd.date_range(start, periods=60 * 60 // resolution_minutes, freq=f"{resolution_minutes}min")
    written = pd.DataFrame(
        {"meter_id": np.repeat([f"m{row}" for row in range(meters)], len(stamps)), "utc": list(stamps) * meters}
    )
    written["kwh"] = np.arange(len(written), dtype=np.float32)
    local = pd.DatetimeIndex(written["utc"]).tz_convert(timezone)
    written["timestamp"] = local.astype(str) if with_offset else local.tz_localize(None).astype(str)
    in_file = written.sort_values("utc", kind="stable") if by_time else written
    path = tmp_path_factory.mktemp("clocks") / "readings.csv"
    in_file[["meter_id", "timestamp", "kwh"]].to_csv(path, index=False)
    source = TableSource(path, "ours", timezone=timezone, resolution_minutes=resolution_minutes)
    readings = read_table(source).dataset.readings
    assert readings["timestamp"].tolist() == written["utc"].tolist()
    assert readings["meter_id"].tolist() == written["meter_id"].tolist()
    assert readings["kwh"].tolist() == written["kwh"].tolist()
