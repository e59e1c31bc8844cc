"""Weather and grid status never come from another place, and never from after the origin."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrify.errors import ConfigError, ReadingsError
from metrify.features.batch import FeatureBatch, FeatureContext
from metrify.features.specification import (
    FORECAST_FEATURES,
    GRID_FEATURES,
    OBSERVED_FEATURES,
    compute_features,
    features_from_labels,
)
from metrify.features.surroundings import Surroundings
from metrify.features.weather import QUANTITIES
from metrify.readings.grid_status import GRID_QUANTITIES, check_grid_status
from metrify.readings.weather import check_weather

START = pd.Timestamp("2024-03-29", tz="UTC")
HOUR, DAY = pd.Timedelta(hours=1), pd.Timedelta(days=1)
DAYS, LENGTH, HORIZON = 6, 30, 24
COLUMNS = tuple(quantity.column for quantity in QUANTITIES)
WANTED = features_from_labels(f"{name}@1" for name in (*OBSERVED_FEATURES, *FORECAST_FEATURES, *GRID_FEATURES))
METERS = pd.DataFrame(
    {
        "meter_id": ["m0", "m1", "m2", "m3"],
        "station_id": ["north", "south", "north", "south"],
        "feeder_id": ["f0", "f0", "f1", "f2"],  # f2 is not measured
    }
)


def rows_of(place: str, count: int, first: pd.Timestamp, issued: pd.Timestamp | None) -> pd.DataFrame:
    stamps = pd.Series([issued] * count, dtype="datetime64[us, UTC]")
    times = pd.date_range(first, periods=count, freq="h", unit="us")
    return pd.DataFrame({"station_id": place, "timestamp": times, "issued_at": stamps})


def draw(seed: int, missing: float = 0.2) -> Surroundings:
    """Six days of two stations and two feeders, with gaps, and forecasts of a day and a half at odd minutes."""
    generator, frames = np.random.default_rng(seed), []
    for station in ("north", "south"):
        frames.append(rows_of(station, DAYS * 24, START, None))
        for _ in range(8):
            issued = START + int(generator.integers(DAYS * 24 * 60)) * pd.Timedelta(minutes=1)
            frames.append(rows_of(station, 36, issued.ceil("h"), issued))
    weather = pd.concat(frames).drop_duplicates(["station_id", "timestamp", "issued_at"])
    status = pd.concat(
        [rows_of(name, DAYS * 24, START, None).rename(columns={"station_id": "feeder_id"}) for name in ("f0", "f1")]
    )
    weather = thinned(weather, generator, missing).assign(
        **{name: lambda frame: generator.normal(size=len(frame)).astype(np.float32) for name in COLUMNS}
    )
    status = thinned(status, generator, missing)[["feeder_id", "timestamp"]]
    status = status.assign(
        loading_percent=generator.uniform(0, 100, len(status)).astype(np.float32),
        voltage_pu=generator.uniform(0.9, 1.1, len(status)).astype(np.float32),
    )
    return Surroundings(check_weather(weather), check_grid_status(status), METERS)


def thinned(frame: pd.DataFrame, generator: np.random.Generator, missing: float) -> pd.DataFrame:
    """Without some rows; the first two hours stay, so that the length of an interval is known."""
    stays = (generator.random(len(frame)) >= missing) | (frame["timestamp"] < START + 2 * HOUR).to_numpy()
    return frame[stays].reset_index(drop=True)


def features_of(
    surroundings: Surroundings, meters: list[str], origins: list[pd.Timestamp], length: int = LENGTH
) -> dict[str, np.ndarray]:
    context = FeatureContext(length, HORIZON, 60, "UTC", "GB")
    of_row = (
        np.array(meters, dtype=object),
        np.array([origin.tz_localize(None) for origin in origins], dtype="datetime64[s]"),
        context,
    )
    weather, status = surroundings.weather_at(*of_row, COLUMNS), surroundings.grid_status_at(*of_row)
    windows = np.zeros((len(meters), length), np.float32)
    return compute_features(WANTED, FeatureBatch(windows, of_row[1], context, weather, status))


def assert_same(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> None:
    for name in one:
        np.testing.assert_array_equal(one[name], other[name], err_msg=name)


seeds = st.integers(0, 2**32 - 1)
hours = st.integers(24, DAYS * 24)
rows = st.lists(st.tuples(st.sampled_from(METERS["meter_id"].tolist()), hours), min_size=1, max_size=6)
few = settings(max_examples=25)


@given(seeds, st.sampled_from(METERS["meter_id"].tolist()), hours)
@few
def test_it_is_what_a_look_through_all_rows_finds(seed: int, meter: str, hour: int) -> None:
    surroundings, origin = draw(seed), START + hour * HOUR
    found = features_of(surroundings, [meter], [origin])
    station, feeder = METERS.set_index("meter_id").loc[meter, ["station_id", "feeder_id"]]
    weather, status = surroundings.weather, surroundings.grid_status
    assert weather is not None and status is not None
    weather, status = weather[weather["station_id"] == station], status[status["feeder_id"] == feeder]
    observed = weather[weather["issued_at"].isna()].set_index("timestamp")["temperature_c"]
    loading = status.set_index("timestamp")["loading_percent"]
    window = [origin + step * HOUR for step in range(-LENGTH, 0)]
    np.testing.assert_array_equal(found["observed_temperature"][0], [observed.get(at, np.nan) for at in window])
    np.testing.assert_array_equal(found["feeder_loading"][0], [loading.get(at, np.nan) for at in window])
    for step in range(HORIZON):
        of_hour = weather[(weather["timestamp"] == origin + step * HOUR) & (weather["issued_at"] <= origin)]
        newest = of_hour.sort_values("issued_at").tail(1)
        expected = newest["global_radiation_w_per_m2"].item() if len(newest) else np.nan
        age = (origin - newest["issued_at"].item()) / HOUR if len(newest) else np.nan
        assert found["forecast_radiation"][0, step] == pytest.approx(expected, nan_ok=True)
        assert found["forecast_age"][0, step] == pytest.approx(age, nan_ok=True)


@given(seeds, rows, st.integers(-400, 400))
@few
def test_whole_days_earlier_or_later_nothing_changes(seed: int, some: list[tuple[str, int]], days: int) -> None:
    surroundings = draw(seed)
    meters, origins = [meter for meter, _ in some], [START + hour * HOUR for _, hour in some]
    weather, status = surroundings.weather, surroundings.grid_status
    assert weather is not None and status is not None
    moved = replace(
        surroundings,
        weather=weather.assign(
            timestamp=weather["timestamp"] + days * DAY, issued_at=weather["issued_at"] + days * DAY
        ),
        grid_status=status.assign(timestamp=status["timestamp"] + days * DAY),
    )
    there = features_of(moved, meters, [origin + days * DAY for origin in origins])
    assert_same(features_of(surroundings, meters, origins), there)


@given(seeds, hours, st.booleans())
@few
def test_what_became_known_after_the_origin_changes_nothing(seed: int, hour: int, drop: bool) -> None:
    surroundings, origin = draw(seed), START + hour * HOUR
    weather, status = surroundings.weather, surroundings.grid_status
    assert weather is not None and status is not None
    is_known = weather["issued_at"].fillna(weather["timestamp"] + HOUR) <= origin
    is_measured = status["timestamp"] + HOUR <= origin
    if drop:
        known = replace(surroundings, weather=weather[is_known], grid_status=status[is_measured])
    else:
        known = replace(
            surroundings,
            weather=weather.assign(**{name: weather[name].where(is_known, 99) for name in COLUMNS}),
            grid_status=status.assign(**{name: status[name].where(is_measured, 1.5) for name in GRID_QUANTITIES}),
        )
    meters = METERS["meter_id"].tolist()
    assert_same(features_of(surroundings, meters, [origin] * 4), features_of(known, meters, [origin] * 4))


@given(seeds, rows, st.randoms(use_true_random=False))
@few
def test_the_order_of_rows_meters_and_places_changes_nothing(seed: int, some: list[tuple[str, int]], draws) -> None:
    surroundings, order = draw(seed), list(range(len(some)))
    draws.shuffle(order)
    meters, origins = [meter for meter, _ in some], [START + hour * HOUR for _, hour in some]
    shuffled = Surroundings(
        *(frame.sample(frac=1, random_state=seed) for frame in (surroundings.weather, surroundings.grid_status, METERS))
    )
    one = features_of(surroundings, meters, origins)
    other = features_of(shuffled, [meters[row] for row in order], [origins[row] for row in order])
    assert_same({name: values[order] for name, values in one.items()}, other)


@given(seeds, rows)
@few
def test_no_row_depends_on_the_others(seed: int, some: list[tuple[str, int]]) -> None:
    surroundings = draw(seed)
    meters, origins = [meter for meter, _ in some], [START + hour * HOUR for _, hour in some]
    together = features_of(surroundings, meters, origins)
    for row, (meter, origin) in enumerate(zip(meters, origins, strict=True)):
        alone = features_of(surroundings, [meter], [origin])
        assert_same({name: values[[row]] for name, values in together.items()}, alone)


@given(seeds, seeds, st.sampled_from(["change", "drop"]))
@few
def test_another_station_or_feeder_changes_nothing(seed: int, other_seed: int, how: str) -> None:
    surroundings, other = draw(seed), draw(other_seed)
    kept = {}
    for name, column, place in (("weather", "station_id", "north"), ("grid_status", "feeder_id", "f0")):
        own = getattr(surroundings, name)
        rest = getattr(other, name)
        parts = [own[own[column] == place], *([rest[rest[column] != place]] if how == "change" else [])]
        kept[name] = pd.concat(parts, ignore_index=True)
    origins = [START + hour * HOUR for hour in (30, 77, 120)]
    one, two = (features_of(each, ["m0"] * 3, origins) for each in (surroundings, replace(surroundings, **kept)))
    assert_same(one, two)


def test_a_feeder_that_nothing_is_known_of_is_nan_and_never_0() -> None:
    found = features_of(draw(0), ["m3"], [START + 4 * DAY])
    assert np.isnan(found["feeder_loading"]).all() and np.isnan(found["feeder_voltage"]).all()
    assert np.isfinite(found["observed_temperature"]).any()


def test_before_the_first_issue_there_is_no_forecast_and_no_age() -> None:
    surroundings = draw(1)
    first = surroundings.weather["issued_at"].min()
    found = features_of(surroundings, ["m0", "m1"], [first.floor("h")] * 2)
    assert all(np.isnan(found[name]).all() for name in FORECAST_FEATURES)


def test_weather_without_a_quantity_is_refused_by_name() -> None:
    surroundings = draw(0)
    cooler = replace(surroundings, weather=surroundings.weather.drop(columns="global_radiation_w_per_m2"))
    with pytest.raises(ConfigError, match="observed_radiation is computed from global_radiation_w_per_m2, and the"):
        features_of(cooler, ["m0"], [START + DAY])


def test_weather_in_shorter_intervals_than_the_readings_is_refused() -> None:
    surroundings = draw(0)
    minutes = surroundings.weather["timestamp"] + pd.Timedelta(minutes=15) * (surroundings.weather.index % 2)
    finer = replace(surroundings, weather=surroundings.weather.assign(timestamp=minutes))
    with pytest.raises(ReadingsError, match=r"The weather has values every 45 minutes, and the readings are of 60"):
        features_of(finer, ["m0"], [START + DAY])


def test_forecasts_every_three_hours_hold_for_each_hour_beside_hourly_observations() -> None:
    observed = rows_of("north", DAYS * 24, START, None)
    forecast = rows_of("north", 24, START + 2 * DAY, START + DAY).iloc[::3]
    weather = pd.concat([observed, forecast], ignore_index=True)
    weather = weather.assign(**{name: np.arange(len(weather), dtype=np.float32) for name in COLUMNS})
    surroundings = replace(draw(0), weather=check_weather(weather))
    found = features_of(surroundings, ["m0"], [START + 2 * DAY])
    np.testing.assert_array_equal(found["forecast_temperature"][0], DAYS * 24 + np.repeat(np.arange(8), 3))
    np.testing.assert_array_equal(found["observed_temperature"][0], np.arange(48 - LENGTH, 48))
    assert (found["forecast_age"] == 24).all()
