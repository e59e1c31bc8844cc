import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrify.config.schema import SplitConfig
from metrify.errors import DatasetError
from metrify.readings.splits import SIDES, TimeSplit, split_meters_by_group, split_time

group_sizes = st.lists(st.integers(1, 8), min_size=3, max_size=20)
seeds = st.integers(0, 2**32 - 1)


@st.composite
def configs(draw: st.DrawFn) -> SplitConfig:
    train, validation, train_time, validation_time = (draw(st.floats(0.05, 0.45)) for _ in range(4))
    return SplitConfig(
        train_share=train,
        validation_share=validation,
        train_time_share=train_time,
        validation_time_share=validation_time,
        seed=draw(seeds),
    )


def meters_of(sizes: list[int]) -> pd.DataFrame:
    groups = [f"profile-{group}" for group, size in enumerate(sizes) for _ in range(size)]
    return pd.DataFrame({"meter_id": [f"m{row}" for row in range(len(groups))], "group": groups})


@given(group_sizes, configs())
def test_a_group_never_straddles_sides(sizes: list[int], config: SplitConfig) -> None:
    meters = meters_of(sizes)
    side = split_meters_by_group(meters, config)
    assert (side.groupby(meters["group"].to_numpy()).nunique() == 1).all()


@given(group_sizes, configs())
def test_every_meter_has_a_side_and_every_side_a_meter(sizes: list[int], config: SplitConfig) -> None:
    meters = meters_of(sizes)
    side = split_meters_by_group(meters, config)
    assert side.index.tolist() == meters["meter_id"].tolist()
    assert set(side) == set(SIDES)


@given(group_sizes, configs(), st.randoms())
def test_the_order_of_the_meters_does_not_matter(sizes: list[int], config: SplitConfig, draw) -> None:
    meters = meters_of(sizes)
    order = list(range(len(meters)))
    draw.shuffle(order)
    shuffled = split_meters_by_group(meters.iloc[order], config)
    pd.testing.assert_series_equal(shuffled.sort_index(), split_meters_by_group(meters, config).sort_index())


@given(st.integers(30, 200), configs())
def test_single_meters_come_close_to_the_shares(count: int, config: SplitConfig) -> None:
    shares = split_meters_by_group(meters_of([1] * count), config).value_counts() / count
    assert shares["train"] == pytest.approx(config.train_share, abs=2 / count)
    assert shares["validation"] == pytest.approx(config.validation_share, abs=2 / count)


def test_the_seed_decides() -> None:
    meters = meters_of([1] * 50)
    drawn = [split_meters_by_group(meters, SplitConfig(seed=seed)) for seed in (0, 0, 1)]
    pd.testing.assert_series_equal(drawn[0], drawn[1])
    assert (drawn[0] != drawn[2]).any()


@pytest.mark.parametrize("sizes", [[], [9], [5, 5]])
def test_fewer_than_three_groups_are_refused(sizes: list[int]) -> None:
    with pytest.raises(DatasetError, match=rf"{len(sizes)} distinct profile group") as raised:
        split_meters_by_group(meters_of(sizes), SplitConfig())
    assert raised.value.mend


@given(st.datetimes(pd.Timestamp("2000-01-01"), pd.Timestamp("2030-01-01")), st.integers(21, 2_000), configs())
def test_time_is_cut_in_order_at_whole_days(first, days: int, config: SplitConfig) -> None:
    start = pd.Timestamp(first, tz="UTC").floor("h")
    end = start + pd.Timedelta(days=days)
    split = split_time(start, end, config)
    assert start < split.validation_start < split.test_start < end
    assert split.validation_start == split.validation_start.normalize()
    assert split.test_start == split.test_start.normalize()
    train_share = (split.validation_start - start) / (end - start)
    assert train_share == pytest.approx(config.train_time_share, abs=1 / days)


@given(st.integers(21, 400), configs())
def test_every_side_has_a_time_and_none_comes_before_an_earlier_side(days: int, config: SplitConfig) -> None:
    start = pd.Timestamp("2024-01-01", tz="UTC")
    stamps = pd.Series(pd.date_range(start, periods=days, freq="D"))
    side = split_time(start, start + pd.Timedelta(days=days), config).side_of(stamps)
    order = np.array([SIDES.index(name) for name in side])
    assert set(order) == {0, 1, 2}
    assert (np.diff(order) >= 0).all()


def test_a_cut_belongs_to_the_later_side() -> None:
    days = pd.Series(pd.date_range("2024-01-01", periods=5, freq="D", tz="UTC"))
    instant_before = days - pd.Timedelta(microseconds=1)
    split = TimeSplit(days[1], days[3])
    assert split.side_of(days).tolist() == ["train", "validation", "validation", "test", "test"]
    assert split.side_of(instant_before).tolist() == ["train", "train", "validation", "validation", "test"]
