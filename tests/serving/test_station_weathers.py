"""Weather that is held in memory: read once, refreshed behind the requests, and given up when it is too old."""

import asyncio
import threading
from collections.abc import Sequence

import numpy as np
import pytest

from inference_services.transformer import station_weathers
from inference_services.transformer.known_weather import weather_of_rows
from inference_services.transformer.station_weathers import KEPT_SECONDS, REFRESH_SECONDS, StationWeathers
from metrify.errors import FeatureStoreError
from metrify.features.batch import FeatureContext
from metrify.readings.station_weather import StationWeather

ORIGIN, HOUR = np.datetime64("2024-03-29T00:00", "s"), np.timedelta64(1, "h")
CONTEXT = FeatureContext(24, 12, 60, "Europe/Berlin", "DE")
COLUMN = ("temperature_c",)


def constant(celsius: float) -> StationWeather:
    """Observations of a day before the origin and a forecast of a day from it."""
    starts = (ORIGIN + np.arange(-24, 24) * HOUR).astype("datetime64[us]")
    values = np.full((48, 1), celsius, np.float32)
    past, ahead = slice(24), slice(24, None)
    ends, issued = starts + HOUR, np.full(24, starts[18])
    return StationWeather(
        COLUMN, starts[past], ends[past], values[past], starts[ahead], ends[ahead], issued, values[ahead]
    )


class Store:
    """A store whose weather and time tests set."""

    def __init__(self) -> None:
        self.celsius, self.now, self.fails, self.reads = 1.0, 0.0, False, 0
        self.is_open = threading.Event()
        self.is_open.set()
        self.weathers = StationWeathers(self.read, lambda: self.now)

    def read(self, stations: Sequence[str]) -> dict[str, StationWeather]:
        self.is_open.wait(20)
        self.reads += 1
        if self.fails:
            raise FeatureStoreError("The online store does not answer.", "Check it.")
        return {name: constant(self.celsius) for name in stations if name != "nowhere"}

    async def celsius_of(self, *stations: str) -> dict[str, float]:
        found = await self.weathers.find(stations)
        return {name: float(weather.observed[0, 0]) for name, weather in found.items()}

    async def settle(self) -> None:
        """Lets the reading that is under way end."""
        reading = self.weathers._reading
        if reading is not None:
            await reading


@pytest.fixture
def store():
    made = Store()
    yield made
    made.is_open.set()
    made.weathers.close()


def test_a_station_is_read_once(store: Store) -> None:
    async def main() -> None:
        assert await store.celsius_of("north", "nowhere") == {"north": 1}
        assert await store.celsius_of("north", "nowhere") == {"north": 1}
        assert store.reads == 1

    asyncio.run(main())


def test_old_weather_is_used_while_new_one_is_read(store: Store) -> None:
    async def main() -> None:
        await store.celsius_of("north")
        store.celsius, store.now = 2.0, REFRESH_SECONDS + 1
        store.is_open.clear()
        assert await store.celsius_of("north") == {"north": 1}
        store.is_open.set()
        await store.settle()
        assert await store.celsius_of("north") == {"north": 2}
        assert store.reads == 2

    asyncio.run(main())


def test_a_store_that_fails_is_left_in_peace_and_its_weather_given_up_at_last(store: Store) -> None:
    async def main() -> None:
        await store.celsius_of("north")
        store.fails, store.now = True, KEPT_SECONDS
        assert await store.celsius_of("north") == {"north": 1}
        await store.settle()
        assert await store.celsius_of("north") == {"north": 1}
        assert store.reads == 2  # not tried again yet
        store.now += 10
        assert await store.celsius_of("north") == {}
        await store.settle()
        store.fails, store.now = False, store.now + 10
        await store.celsius_of("north")
        await store.settle()
        assert await store.celsius_of("north") == {"north": 1}

    asyncio.run(main())


def test_a_request_does_not_wait_long_for_a_store_that_hangs(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(station_weathers, "_WAIT_SECONDS", 0.05)

    async def main() -> None:
        store.is_open.clear()
        assert await store.celsius_of("north") == {}
        store.is_open.set()
        await store.settle()
        assert await store.celsius_of("north") == {"north": 1}

    asyncio.run(main())


def test_rows_have_the_weather_of_their_station_and_say_what_they_lack() -> None:
    weathers = {"north": constant(3.0), "south": constant(5.0)}
    stations, origins = ["south", "north", None, "west", "north"], np.full(5, ORIGIN)
    origins[4] += 12 * HOUR
    known, faults = weather_of_rows(stations, weathers, origins, CONTEXT, COLUMN)
    np.testing.assert_array_equal(known.forecast[:, 0, 0], np.float32([5, 3, np.nan, np.nan, 3]))
    np.testing.assert_array_equal(known.observed[:, 0, 0], np.float32([5, 3, np.nan, np.nan, 3]))
    assert faults[:2] == ["", ""]
    assert "not known" in faults[2]
    assert "west" in faults[3]
    assert faults[4] == "no observed weather of 12 of 24 intervals"


def test_a_quantity_that_a_station_lacks_is_missing() -> None:
    known, faults = weather_of_rows(
        ["north"], {"north": constant(3.0)}, np.array([ORIGIN]), CONTEXT, (*COLUMN, "global_radiation_w_per_m2")
    )
    assert np.isnan(known.forecast[0, :, 1]).all()
    assert np.isfinite(known.forecast[0, :, 0]).all()
    assert "no weather forecast of 12 of 12 intervals" in faults[0]
