from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrify.errors import BundleError, ConfigError
from metrify.features.batch import FeatureBatch, FeatureContext
from metrify.features.specification import (
    FEATURES,
    LOAD_FEATURES,
    ORIGIN_TIME_FEATURES,
    TIME_FEATURES,
    Feature,
    compute_features,
    features_from_labels,
    select_features,
    specification_hash,
)

from .loads import draw_matrix

LENGTH = 336
CONTEXT = FeatureContext(LENGTH, 24, 60, "Europe/Berlin", "DE")

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
    assert specification_hash(features_from_labels(["load_window@1"])) == specification_hash(FEATURES[:1])


def test_labels_find_their_features_in_their_order() -> None:
    labels = [feature.label for feature in reversed(FEATURES)]
    assert [feature.label for feature in features_from_labels(labels)] == labels
    assert len(set(labels)) == len(FEATURES)


@pytest.mark.parametrize("unknown", ["load_window@2", "load_window", "lag_25h@1", ""])
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


def test_networks_are_given_what_they_always_were() -> None:
    """Bundles that were trained before carry this hash."""
    assert select_features(True) == FEATURES[:3]
    assert specification_hash(select_features(True)) == (
        "6e1b17769e166d4f4482d18bd7992aed5a06c674bd7d672c08e4f7c24a6f27df"
    )


def test_every_feature_is_a_choice() -> None:
    assert select_features(True, True) == FEATURES


@pytest.mark.parametrize("rows", [1, 7])
def test_every_feature_has_a_row_for_each_row_and_float32(rows: int) -> None:
    origins = np.datetime64("2024-03-31T22:00", "s") + np.arange(rows) * np.timedelta64(1, "D")
    batch = FeatureBatch(np.ones((rows, LENGTH), np.float64), origins, CONTEXT)
    computed = compute_features(FEATURES, batch)
    numbers = {feature.name: (rows,) for feature in FEATURES}
    assert {name: values.shape for name, values in computed.items()} == numbers | {
        "load_window": (rows, LENGTH),
        "window_rest_day": (rows, LENGTH),
        "horizon_calendar": (rows, 24, 5),
        "same_hour_profile": (rows, 24),
    }
    assert {values.dtype for values in computed.values()} == {np.dtype(np.float32)}


@given(st.lists(st.integers(0, 366 * 24), min_size=1, max_size=5), st.integers(0, 2**32 - 1))
@settings(max_examples=20)
def test_no_row_depends_on_the_others(hours: list[int], seed: int) -> None:
    origins = np.datetime64("2024-01-01", "s") + np.array(hours) * np.timedelta64(1, "h")
    windows = draw_matrix(len(hours), LENGTH, seed).kwh
    together = compute_features(FEATURES, FeatureBatch(windows, origins, CONTEXT))
    for row in range(len(hours)):
        alone = compute_features(FEATURES, FeatureBatch(windows[[row]], origins[[row]], CONTEXT))
        for name, values in together.items():
            np.testing.assert_array_equal(values[[row]], alone[name], err_msg=name)


@pytest.mark.parametrize("shape", [(2, LENGTH - 1), (2, LENGTH + 1), (1, LENGTH), (2, LENGTH, 1)])
def test_windows_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    origins = np.array(["2024-01-01", "2024-01-02"], dtype="datetime64[s]")
    with pytest.raises(ConfigError, match=r"where \[2, 336\] is needed"):
        FeatureBatch(np.zeros(shape, np.float32), origins, CONTEXT)
