"""What was known of the weather when: never more than that."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrify.errors import ReadingsError
from metrify.readings.sources.table_source import TableSource
from metrify.readings.weather import check_weather, weather_known_at, weather_known_for

from .tables import add_table

START = np.datetime64("2024-01-01T00:00", "us")
HOUR = np.timedelta64(1, "h")
Row = tuple[int, int | None, float]  # hour, hour of issue (None: observed), temperature


def weather_of(rows: list[Row]) -> pd.DataFrame:
    issued = [np.datetime64("NaT", "us") if hour is None else START + hour * HOUR for _, hour, _ in rows]
    return check_weather(
        pd.DataFrame(
            {
                "station_id": ["s"] * len(rows),
                "timestamp": pd.DatetimeIndex([START + hour * HOUR for hour, _, _ in rows], tz="UTC").as_unit("us"),
                "issued_at": pd.DatetimeIndex(np.array(issued, dtype="datetime64[us]"), tz="UTC"),
                "temperature_c": np.array([value for _, _, value in rows], dtype=np.float32),
            }
        )
    )


# Later rows, so many that an hour is the most frequent distance of what is observed and of what is forecast.
HOURLY = [(hour, issue, 0.0) for hour in range(50, 90) for issue in (None, 49)]
ROWS = st.lists(
    st.tuples(st.integers(0, 12), st.one_of(st.none(), st.integers(-3, 12)), st.integers(-9, 9).map(float)),
    min_size=1,
    max_size=30,
    unique_by=lambda row: row[:2],
)


@given(ROWS, st.integers(0, 12), st.integers(0, 2))
def test_it_is_what_a_look_through_all_rows_finds(rows: list[Row], origin: int, delay_hours: int) -> None:
    rows = [*rows, *HOURLY]
    known = weather_known_at(weather_of(rows), np.array([START + origin * HOUR]), 4, 5, 60, 60 * delay_hours)
    for step in range(-4, 0):
        hour = origin + step
        seen = [value for at, issue, value in rows if at == hour and issue is None and hour + 1 + delay_hours <= origin]
        np.testing.assert_array_equal(known.observed[0, step, 0], np.float32(seen[0] if seen else np.nan))
    for step in range(5):
        forecasts = [
            (issue, value)
            for at, issue, value in rows
            if at == origin + step and issue is not None and issue + delay_hours <= origin
        ]
        issue, value = max(forecasts, default=(None, np.nan))
        np.testing.assert_array_equal(known.forecast[0, step, 0], np.float32(value))
        assert np.isnat(known.issued_at[0, step]) == (issue is None)


@given(ROWS, st.integers(0, 12), st.integers(-9, 9).map(float))
def test_what_becomes_known_later_changes_nothing(rows: list[Row], origin: int, other: float) -> None:
    rows = [*rows, *HOURLY]

    def is_later(row: Row) -> bool:
        hour, issue, _ = row
        return hour + 1 > origin if issue is None else issue > origin

    changed = [(hour, issue, other if is_later((hour, issue, value)) else value) for hour, issue, value in rows]
    at = np.array([START + origin * HOUR])
    one, two = (weather_known_at(weather_of(some), at, 6, 6, 60) for some in (rows, changed))
    np.testing.assert_array_equal(one.observed, two.observed)
    np.testing.assert_array_equal(one.forecast, two.forecast)


def test_hourly_weather_holds_for_both_half_hours_once_the_hour_is_over() -> None:
    weather = weather_of([(0, None, 1.0), (1, None, 2.0), (2, None, 3.0), (2, 0, 7.0)])
    half = np.timedelta64(30, "m")
    known = weather_known_at(weather, np.array([START + 2 * HOUR, START + 2 * HOUR - half]), 4, 2, 30)
    np.testing.assert_array_equal(known.observed[..., 0], np.float32([[1, 1, 2, 2], [np.nan, 1, 1, np.nan]]))
    np.testing.assert_array_equal(known.forecast[..., 0], np.float32([[7, 7], [np.nan, 7]]))


def test_each_row_sees_its_own_stations_weather() -> None:
    north, south = weather_of([(0, None, 1.0), (1, None, 2.0), (1, 0, 5.0)]), weather_of([(0, None, 3.0), (1, 0, 7.0)])
    both = pd.concat([south.assign(station_id="south"), north.assign(station_id="north")], ignore_index=True)
    stations, origins = np.array(["north", "south", "west"], dtype=object), np.array([START + HOUR] * 3)
    known = weather_known_for(both, stations, origins, 1, 1, 60)
    np.testing.assert_array_equal(known.observed[:, 0, 0], np.float32([1, 3, np.nan]))
    np.testing.assert_array_equal(known.forecast[:, 0, 0], np.float32([5, 7, np.nan]))
    assert np.isnat(known.issued_at[:, 0]).tolist() == [False, False, True]


def test_weather_that_is_stamped_at_ten_to_holds_for_the_readings_within() -> None:
    weather = weather_of([(0, None, 1.0), (1, None, 2.0), (2, None, 3.0)])
    early = weather.assign(timestamp=weather["timestamp"] - pd.Timedelta(minutes=10))
    known = weather_known_at(early, np.array([START + 2 * HOUR]), 2, 1, 60)
    np.testing.assert_array_equal(known.observed[0, :, 0], np.float32([1, 2]))  # 02:00 lies in the third


def test_weather_is_imported_with_its_time_of_issue(tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text("meter_id,timestamp,kwh\na,2024-07-01 00:00,1\n")
    weather = tmp_path / "w.csv"
    weather.write_text(
        "timestamp,issued_at,temperature_c\n2024-07-01 00:00,,15\n2024-07-01 00:00,2024-06-30T18:00Z,16\n"
    )
    source = TableSource(tmp_path / "r.csv", "ours", weather=weather)
    read = add_table(source, None, tmp_path / "one").dataset.weather
    assert read is not None
    assert read["timestamp"].tolist() == [pd.Timestamp("2024-06-30 23:00", tz="UTC")] * 2
    assert read["temperature_c"].tolist() == [16, 15]
    assert read["issued_at"].isna().tolist() == [False, True]
    weather.write_text("timestamp,temperature_c\n2024-07-01 00:00,15.5\n2024-07-01 01:00,14\n")
    add_table(source, tmp_path / "one", tmp_path / "two")
    joined = pd.read_parquet(tmp_path / "two" / "weather.parquet")
    assert joined["temperature_c"].tolist() == [16, 15.5, 14]


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("timestamp,temperature\n2024-01-01 00:00,1\n", "without a unit: temperature"),
        ("timestamp\n2024-01-01 00:00\n", "none at all"),
        (
            "station_id,timestamp,temperature_c\nn,2024-01-01 00:00,1\ns,2024-01-01 00:00,1\nn,2024-01-01 00:00,2\n",
            "1 row has the station_id, timestamp, issued_at of an earlier row, "
            "for instance 'n 2024-01-01 00:00:00+00:00' in data row 3",
        ),
        ("timestamp,temperature_c\n2024-01-01 00:00,warm\n", "'warm'"),
        ("timestamp,temperature_c\n2024-01-01 00:00,1\n2024-01-01 00:30,1\n", "every 30 minutes"),
        ("timestamp,temperature_c\n2024-01-01 00:00,1\n2024-01-01 01:30,1\n", "every 90 minutes"),
        (
            "timestamp,issued_at,temperature_c\n"
            "2024-01-01 02:00,2024-01-01 00:00,1\n2024-01-01 02:15,2024-01-01 00:00,1\n",
            "every 15 minutes",
        ),
        ("", "w.csv is empty"),
        ("timestamp,temperature_c\n", "w.csv has no row"),
        ("timestamp,temperature_c\n2024-01-01 00:00,\n2024-01-01 01:00,\n", "no value at all in temperature_c"),
        ("timestamp,temperature_c\n2024-01-01 00:00,inf\n", "'inf'"),
        ("timestamp,temperature_c\n2024-01-01 00:00,1e39\n", "infinite values in temperature_c"),
        (
            "timestamp,issued_at,temperature_c\n"
            "2024-10-27 02:00Z,2024-10-27 01:00,1\n2024-10-27 03:00Z,2024-10-27 01:00,1\n",
            "'issued_at' that clocks in Europe/London skipped or passed twice",
        ),
        ("timestamp,temperature_c\n2024-03-31 01:00,1\n", "skipped"),
        (
            "time,temperature_c\n1,1\n",
            "it has 'time', 'temperature_c'. Rename the right one to 'timestamp' in the file.",
        ),
    ],
)
def test_weather_that_does_not_fit_is_refused(tmp_path: Path, text: str, part: str) -> None:
    (tmp_path / "r.csv").write_text("meter_id,timestamp,kwh\na,2024-01-01 00:00,1\n")
    (tmp_path / "w.csv").write_text(text)
    with pytest.raises(ReadingsError) as raised:
        add_table(TableSource(tmp_path / "r.csv", "ours", weather=tmp_path / "w.csv"), None, tmp_path / "one")
    assert part in str(raised.value)
    assert raised.value.mend
