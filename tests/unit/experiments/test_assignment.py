from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrify.errors import ConfigError
from metrify.experiments.assignment import CONTROL, assign, assignment_point

METERS = [f"m_{number:024x}" for number in range(10_000)]

meters = st.lists(st.text(min_size=1, max_size=30), min_size=1, max_size=30)
salts = st.text(min_size=1, max_size=64)
percentages = st.integers(0, 100)


@given(meters, salts, percentages, st.randoms())
def test_a_meter_keeps_its_variant_whoever_stands_beside_it(ids: list[str], salt: str, percent: int, draw) -> None:
    together = dict(zip(ids, assign(ids, salt, {"canary": percent}), strict=True))
    draw.shuffle(ids)
    assert assign(ids, salt, {"canary": percent}) == [together[meter] for meter in ids]
    assert assign(ids[:1], salt, {"canary": percent}) == [together[ids[0]]]


@given(meters, salts, percentages, percentages)
def test_raising_the_percentage_only_adds_meters(ids: list[str], salt: str, one: int, other: int) -> None:
    low, high = sorted((one, other))
    before, after = assign(ids, salt, {"canary": low}), assign(ids, salt, {"canary": high})
    assert all(later == "canary" for earlier, later in zip(before, after, strict=True) if earlier == "canary")


@given(meters, salts, st.integers(0, 50), st.integers(0, 50))
def test_a_second_canary_takes_meters_of_control_alone(ids: list[str], salt: str, first: int, second: int) -> None:
    alone = assign(ids, salt, {"first": first})
    both = assign(ids, salt, {"first": first, "second": second})
    assert [variant == "first" for variant in both] == [variant == "first" for variant in alone]


@given(meters, salts)
def test_nobody_at_zero_and_everybody_at_a_hundred(ids: list[str], salt: str) -> None:
    assert set(assign(ids, salt, {"canary": 0})) == {CONTROL}
    assert set(assign(ids, salt, {})) == {CONTROL}
    assert set(assign(ids, salt, {"canary": 100})) == {"canary"}


@pytest.mark.parametrize("salt", ["load-forecaster", "another"])
def test_points_are_uniform_over_ten_thousand_meters(salt: str) -> None:
    points = np.sort([assignment_point(meter, salt) for meter in METERS])
    assert points[0] >= 0
    assert points[-1] < 1
    ranks = np.arange(len(points)) / len(points)
    assert np.abs(points - ranks).max() < 1.95 / np.sqrt(len(points))  # Kolmogorov's 0.1 % limit


@pytest.mark.parametrize("percents", [{"canary": 20}, {"a": 5, "b": 30, "c": 40}])
def test_shares_are_what_was_asked_for(percents: dict[str, int]) -> None:
    variants = assign(METERS, "salt", percents)
    wanted = {**percents, CONTROL: 100 - sum(percents.values())}
    for name, percent in wanted.items():
        assert variants.count(name) / len(METERS) == pytest.approx(percent / 100, abs=0.02)


def test_another_salt_draws_anew() -> None:
    one, other = (np.array(assign(METERS, salt, {"canary": 50})) == "canary" for salt in ("one", "other"))
    assert np.mean(one & other) == pytest.approx(0.25, abs=0.02)


def test_salts_that_differ_only_at_the_end_of_a_long_name_draw_anew() -> None:
    long_name = "load-forecaster/" * 5
    assert assign(METERS[:100], f"{long_name}1", {"canary": 50}) != assign(
        METERS[:100], f"{long_name}2", {"canary": 50}
    )


def test_a_point_never_changes() -> None:
    # Written down, because a running experiment would reshuffle its meters.
    meter = "m_16695b2bf1c9adeb5225194e"
    assert assignment_point(meter, "a") == 0.7032908995742345
    assert assignment_point(meter, "b") == 0.4265594244239836


def test_variants_lie_side_by_side_in_their_order() -> None:
    order = sorted(METERS[:500], key=lambda meter: assignment_point(meter, "salt"))
    changes = [(one, two) for one, two in pairwise(assign(order, "salt", {"b": 30, "a": 30})) if one != two]
    assert changes == [("b", "a"), ("a", CONTROL)]


@pytest.mark.parametrize("percents", [{"canary": -1}, {"canary": 101}, {"a": 60, "b": 41}, {"a": 101, "b": -1}])
def test_percentages_that_do_not_fit_are_refused(percents: dict[str, int]) -> None:
    with pytest.raises(ConfigError) as raised:
        assign(["m"], "salt", percents)
    assert str(percents) in raised.value.problem
    assert raised.value.mend == "Use 0 to 100 in all."
