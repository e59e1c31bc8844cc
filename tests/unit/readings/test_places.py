"""Whose station and feeder is whose, and when an interval of theirs was over."""

import numpy as np
import pandas as pd
import pytest

from metrify.errors import DatasetError
from metrify.readings.places import interval_ends, interval_steps, places_of_meters

METERS = pd.DataFrame({"meter_id": ["b", "a", "c"], "station_id": ["south", "north", "west"]})


def known(*places: str) -> pd.Series:
    return pd.Series(places, dtype=object)


def test_each_meter_has_the_station_of_its_row() -> None:
    places = places_of_meters("station_id", ["a", "b", "c"], METERS, known("north", "south"))
    assert places.tolist() == ["north", "south", "west"]


@pytest.mark.parametrize("meters", [None, METERS.drop(columns="station_id")])
def test_the_only_station_is_everybodys(meters: pd.DataFrame | None) -> None:
    assert places_of_meters("station_id", ["a", "b"], meters, known("north", "north")).tolist() == ["north"] * 2


@pytest.mark.parametrize(
    ("meters", "places", "part"),
    [
        (None, ["north", "south"], "2 weather stations, and the meters have no column station_id"),
        (None, [], "0 weather stations"),
        (METERS.iloc[:2], ["north"], "1 of 3 meters have no station_id, for instance c"),
        (
            METERS.assign(station_id=["south", None, "west"]),
            ["south"],
            "1 of 3 meters have no station_id, for instance a",
        ),
        (pd.concat([METERS, METERS[:1]]), ["south"], "1 of 3 meters have a second station_id, for instance b"),
        (METERS, ["east"], "Nothing is known of any weather station of the meters, for instance 'south'.*'east'"),
        (METERS, [], "it is known of none"),
    ],
)
def test_what_does_not_say_whose_is_whose_is_refused(meters: pd.DataFrame | None, places: list[str], part: str) -> None:
    with pytest.raises(DatasetError, match=part) as raised:
        places_of_meters("station_id", ["a", "b", "c"], meters, known(*places))
    assert "station_id" in raised.value.mend


def test_each_place_has_intervals_of_its_own_length() -> None:
    stamps = ["2024-01-01T00:00", "2024-01-01T03:00", "2024-01-01T00:00", "2024-01-01T00:30", "2024-01-01T00:00"]
    frame = pd.DataFrame(
        {
            "feeder_id": ["a", "a", "b", "b", "c"],
            "timestamp": pd.DatetimeIndex(np.array(stamps, "datetime64[us]"), tz="UTC"),
        }
    )
    steps = interval_steps(frame, "feeder_id", 15)
    assert {place: step / pd.Timedelta(minutes=1) for place, step in steps.items()} == {"a": 180, "b": 30, "c": 15}
    ends = interval_ends(frame, "feeder_id", steps)
    assert ends.dt.strftime("%H:%M").tolist() == ["03:00", "06:00", "00:30", "01:00", "00:15"]
    assert str(interval_ends(frame[:0], "feeder_id", {}).dtype) == "datetime64[us, UTC]"


def test_days_that_clocks_make_shorter_and_longer_end_where_the_next_one_begins() -> None:
    for day, hours in (("2024-03-31", 23), ("2024-10-27", 25)):
        days = pd.date_range(pd.Timestamp(day) - pd.Timedelta(days=3), periods=6).tz_localize("Europe/London")
        frame = pd.DataFrame({"station_id": "s", "timestamp": days.tz_convert("UTC").as_unit("us")})
        steps = interval_steps(frame, "station_id", 30)
        assert steps == {"s": pd.Timedelta(hours=1)}  # each day begins at a whole hour after the first
        lengths = (interval_ends(frame, "station_id", steps) - frame["timestamp"]) / pd.Timedelta(hours=1)
        assert lengths.tolist() == [24, 24, 24, hours, 24, 24]
