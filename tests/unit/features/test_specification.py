from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrify.errors import BundleError, ConfigError
from metrify.features.batch import FeatureBatch, FeatureContext
from metrify.features.day_levels import LEVEL_COLUMNS
from metrify.features.day_peaks import PEAK_COLUMNS
from metrify.features.day_runs import RUN_COLUMNS
from metrify.features.day_shape import SHAPE_COLUMNS
from metrify.features.specification import (
    DAY_FEATURES,
    FEATURES,
    FORECAST_FEATURES,
    GRID_FEATURES,
    LOAD_FEATURES,
    OBSERVED_FEATURES,
    ORIGIN_TIME_FEATURES,
    TIME_FEATURES,
    Feature,
    compute_features,
    features_from_labels,
    select_features,
    specification_hash,
)
from metrify.features.weather import QUANTITIES
from metrify.readings.known import KnownGridStatus, KnownWeather

from .loads import draw_matrix

LENGTH = 360
CONTEXT = FeatureContext(LENGTH, 24, 60, "Europe/Berlin", "DE")


def draw_surroundings(origins: np.ndarray, seed: int) -> tuple[KnownWeather, KnownGridStatus]:
    """Values of each row, and forecasts that are up to a day old."""
    generator, rows = np.random.default_rng(seed), len(origins)
    columns = tuple(quantity.column for quantity in QUANTITIES)
    ages = generator.integers(0, 25, (rows, 24)) * np.timedelta64(1, "h")
    window, ahead = (rows, LENGTH), (rows, 24)
    return (
        KnownWeather(
            columns,
            generator.normal(size=(*window, len(columns))).astype(np.float32),
            generator.normal(size=(*ahead, len(columns))).astype(np.float32),
            origins.astype("datetime64[us]")[:, None] - ages,
        ),
        KnownGridStatus(generator.random(window, np.float32), generator.random(window, np.float32)),
    )


def rows_of(known: Any, rows: list[int]) -> Any:
    """The same of some rows."""
    arrays = {field.name: getattr(known, field.name) for field in fields(known)}
    return replace(known, **{name: values[rows] for name, values in arrays.items() if name != "columns"})


features = st.builds(
    Feature,
    name=st.text("abc_", min_size=1, max_size=5),
    version=st.integers(1, 30),
    unit=st.sampled_from(["kWh", "1"]),
    inputs=st.tuples(st.sampled_from(["readings", "calendar"])),
    function=st.just(np.zeros_like),
)
lists_of_features = st.lists(features, min_size=1, max_size=5)


@given(lists_of_features, st.randoms())
def test_the_hash_does_not_depend_on_the_order(some: list[Feature], draw) -> None:
    before = specification_hash(some)
    draw.shuffle(some)
    assert specification_hash(some) == before


@given(lists_of_features, st.data())
def test_the_hash_changes_with_name_version_unit_and_inputs(some: list[Feature], data: st.DataObject) -> None:
    row = data.draw(st.integers(0, len(some) - 1))
    changes = {"name": "other", "version": 31, "unit": "Wh", "inputs": ("readings", "calendar")}
    key = data.draw(st.sampled_from(sorted(changes)))
    changed = [*some[:row], replace(some[row], **{key: changes[key]}), *some[row + 1 :]]
    assert specification_hash(changed) != specification_hash(some)


def test_the_hash_is_of_just_the_features_that_are_used() -> None:
    assert specification_hash(FEATURES[:1]) != specification_hash(FEATURES)
    assert specification_hash(features_from_labels(["load_window@2"])) == specification_hash(FEATURES[:1])


def test_labels_find_their_features_in_their_order() -> None:
    labels = [feature.label for feature in reversed(FEATURES)]
    assert [feature.label for feature in features_from_labels(labels)] == labels
    assert len(set(labels)) == len(FEATURES)


@pytest.mark.parametrize("unknown", ["load_window@1", "load_window", "lag_25h@1", ""])
def test_an_unknown_label_is_refused_by_name(unknown: str) -> None:
    known = [feature.label for feature in FEATURES]
    with pytest.raises(BundleError) as raised:
        features_from_labels([*known, unknown])
    assert f"feature(s) {unknown}; it has {', '.join(known)}." in raised.value.problem
    assert raised.value.mend


@pytest.mark.parametrize(
    ("time", "load", "expected"),
    [
        (False, False, ("load_window",)),
        (True, False, ("load_window", *TIME_FEATURES)),
        (False, True, ("load_window", *LOAD_FEATURES)),
        (True, True, ("load_window", *TIME_FEATURES, *LOAD_FEATURES, *ORIGIN_TIME_FEATURES)),
    ],
)
def test_time_features_and_load_statistics_are_choices(time: bool, load: bool, expected: tuple[str, ...]) -> None:
    assert tuple(feature.name for feature in select_features(time, load)) == expected


@pytest.mark.parametrize(
    ("weather", "grid", "expected"),
    [
        (True, False, (*OBSERVED_FEATURES, *FORECAST_FEATURES)),
        (False, True, GRID_FEATURES),
        (True, True, (*OBSERVED_FEATURES, *FORECAST_FEATURES, *GRID_FEATURES)),
    ],
)
def test_weather_and_grid_status_are_choices(weather: bool, grid: bool, expected: tuple[str, ...]) -> None:
    chosen = select_features(False, include_weather=weather, include_grid_status=grid)
    assert tuple(feature.name for feature in chosen) == ("load_window", *expected)


def test_networks_are_given_what_bundles_say() -> None:
    """Bundles that were trained since the windows lie by the local clock carry this hash."""
    assert select_features(True) == FEATURES[:3]
    assert specification_hash(select_features(True)) == (
        "ba7b6f670da5b8fb302d152619bf6cdc94eb1bf593c60db720d9da67e938c1cf"
    )


def test_every_feature_of_a_forecast_is_a_choice() -> None:
    of_forecasts = tuple(feature for feature in FEATURES if feature.name not in DAY_FEATURES)
    assert select_features(True, True, True, True, True) == of_forecasts


@pytest.mark.parametrize("rows", [1, 7])
def test_every_feature_has_a_row_for_each_row_and_float32(rows: int) -> None:
    origins = np.datetime64("2024-03-31T22:00", "s") + np.arange(rows) * np.timedelta64(1, "D")
    batch = FeatureBatch(
        np.ones((rows, LENGTH), np.float64), origins, CONTEXT, *draw_surroundings(origins, 0), origins.astype(str)
    )
    computed = compute_features(FEATURES, batch)
    numbers = {feature.name: (rows,) for feature in FEATURES}
    assert {name: values.shape for name, values in computed.items()} == numbers | {
        "load_window": (rows, LENGTH),
        "window_rest_day": (rows, LENGTH),
        "horizon_calendar": (rows, 24, 5),
        "same_hour_profile": (rows, 24),
        **dict.fromkeys((*OBSERVED_FEATURES, *GRID_FEATURES), (rows, LENGTH)),
        **dict.fromkeys(FORECAST_FEATURES, (rows, 24)),
        "day_deviation": (rows, 24),
        "day_runs": (rows, len(RUN_COLUMNS)),
        "day_levels": (rows, len(LEVEL_COLUMNS)),
        "day_shape": (rows, len(SHAPE_COLUMNS)),
        "day_peaks": (rows, len(PEAK_COLUMNS)),
        "history_window": (rows, LENGTH - 24),
        "history_rest_day": (rows, LENGTH - 24),
        "day_calendar": (rows, 24, 5),
        "day_readings": (rows, 24),
    }
    assert {values.dtype for values in computed.values()} == {np.dtype(np.float32)}


@given(st.lists(st.integers(0, 366 * 24), min_size=1, max_size=5), st.integers(0, 2**32 - 1))
@settings(max_examples=20)
def test_no_row_depends_on_the_others(hours: list[int], seed: int) -> None:
    origins = np.datetime64("2024-01-01", "s") + np.array(hours) * np.timedelta64(1, "h")
    windows = draw_matrix(len(hours), LENGTH, seed).kwh
    weather, status = draw_surroundings(origins, seed)
    meters = origins.astype(str)
    together = compute_features(FEATURES, FeatureBatch(windows, origins, CONTEXT, weather, status, meters))
    for row in range(len(hours)):
        own = (rows_of(known, [row]) for known in (weather, status))
        alone = compute_features(FEATURES, FeatureBatch(windows[[row]], origins[[row]], CONTEXT, *own, meters[[row]]))
        for name, values in together.items():
            np.testing.assert_array_equal(values[[row]], alone[name], err_msg=name)


@pytest.mark.parametrize(
    ("feature", "source"),
    [(name, "weather") for name in (*OBSERVED_FEATURES, *FORECAST_FEATURES)]
    + [(name, "grid status") for name in GRID_FEATURES],
)
def test_a_feature_whose_input_the_batch_lacks_is_refused_by_name(feature: str, source: str) -> None:
    batch = FeatureBatch(np.ones((1, LENGTH), np.float32), np.zeros(1, "datetime64[s]"), CONTEXT)
    with pytest.raises(ConfigError, match=f"{feature} is computed from the {source}, and there is none") as raised:
        compute_features(features_from_labels([f"{feature}@1"]), batch)
    assert raised.value.mend


def test_surroundings_of_another_shape_are_refused() -> None:
    origins = np.array(["2024-01-01", "2024-01-02"], dtype="datetime64[s]")
    windows, (weather, status) = np.ones((2, LENGTH), np.float32), draw_surroundings(origins, 0)
    for name in ("observed", "forecast", "issued_at"):
        short = replace(weather, **{name: getattr(weather, name)[:, 1:]})
        with pytest.raises(ConfigError, match="is needed"):
            FeatureBatch(windows, origins, CONTEXT, short)
    for name in ("loading_percent", "voltage_pu"):
        with pytest.raises(ConfigError, match=r"where \[2, 360\] is needed"):
            FeatureBatch(windows, origins, CONTEXT, None, replace(status, **{name: windows[:1]}))


@pytest.mark.parametrize("shape", [(2, LENGTH - 1), (2, LENGTH + 1), (1, LENGTH), (2, LENGTH, 1)])
def test_windows_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    origins = np.array(["2024-01-01", "2024-01-02"], dtype="datetime64[s]")
    with pytest.raises(ConfigError, match=r"where \[2, 360\] is needed"):
        FeatureBatch(np.zeros(shape, np.float32), origins, CONTEXT)
