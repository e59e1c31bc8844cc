import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from metrify.config.schema import QualityConfig
from metrify.readings.quality.extremes import find_jumps, find_spikes, row_quantiles

NAN = float("nan")
CONFIG = QualityConfig(high_quantile=0.9, spike_multiple=3, spike_neighbour_multiple=2, jump_multiple=3, ordinary_kw=0)
DAY = [0.5, 0.6, 0.7, 0.8, 1.0, 0.9] * 10  # highest ordinary reading 1.0, highest ordinary step 0.4


def row_with(*values: float) -> np.ndarray:
    """Sixty ordinary readings with some others in their middle."""
    return np.array([DAY[:30] + list(values) + DAY[30:]], dtype=np.float32)


def found(mask: np.ndarray) -> list[int]:
    """The columns behind the thirtieth that are marked."""
    assert len(mask) == 1
    return (np.flatnonzero(mask[0]) - 30).tolist()


@pytest.mark.parametrize(
    ("values", "spikes"),
    [
        ([4.0], [0]),
        ([2.9], []),  # high, but within three times the highest ordinary reading
        ([4.0, 4.0], []),  # two in a row are no spike
        ([4.0, 1.9], [0]),
        ([4.0, 2.1], []),  # the neighbour is nearly as high
        ([NAN, 4.0], [1]),
        ([4.0, NAN], [0]),
        ([NAN, 4.0, NAN], []),  # nothing to compare with
        ([4.0, 0.5, 4.0], [0, 2]),
    ],
)
def test_spikes(values: list[float], spikes: list[int]) -> None:
    assert found(find_spikes(row_with(*values), CONFIG, 1.0)) == spikes


@pytest.mark.parametrize("column", [0, -1])
def test_a_spike_at_an_end_has_one_neighbour(column: int) -> None:
    row = row_with()
    row[0, column] = 4
    assert np.flatnonzero(find_spikes(row, CONFIG, 1.0)[0]).tolist() == [column % row.shape[1]]


@pytest.mark.parametrize(
    ("values", "jumps"),
    [
        ([2.5], [0]),  # the high reading, not the one before or after it
        ([1.5], []),
        ([2.5, 2.6, 2.5], [0, 2]),  # up and down again
        ([2.5, NAN], [0]),
        ([NAN, 2.5, NAN], []),  # a step is one between neighbours
        ([-2.0], [0]),
    ],
)
def test_jumps(values: list[float], jumps: list[int]) -> None:
    assert found(find_jumps(row_with(*values), CONFIG, 1.0)) == jumps


def test_an_outage_is_the_low_reading() -> None:
    row = np.array([[100, 101, 99] * 20 + [0] + [100, 101, 99] * 20], dtype=np.float32)
    assert np.flatnonzero(find_jumps(row, CONFIG, 1.0)[0]).tolist() == [60]


@pytest.mark.parametrize(("minutes", "expected"), [(60, []), (15, [0])])
def test_what_any_connection_may_draw_is_neither(minutes: int, expected: list[int]) -> None:
    config = CONFIG.model_copy(update={"ordinary_kw": 5.0})  # 5 kWh in an hour, 1.25 in a quarter of one
    row = row_with(4.0)
    assert found(find_spikes(row, config, minutes / 60)) == expected
    assert found(find_jumps(row, config, minutes / 60)) == expected


def test_few_readings_are_too_few_to_stand_out() -> None:
    row = np.array([[0.1, 9.0]], dtype=np.float32)
    assert not find_spikes(row, CONFIG, 1.0).any()
    assert not find_jumps(row[:, :1], CONFIG, 1.0).any()
    assert not find_jumps(row, CONFIG, 1.0).any()


values = arrays(
    np.float32,
    st.tuples(st.integers(1, 4), st.integers(1, 30)),
    elements=st.one_of(st.floats(0, 100, width=32), st.just(NAN)),
)


@given(values, st.sampled_from([0.5, 0.9, 0.995]))
def test_quantiles_are_those_of_numpy(kwh: np.ndarray, share: float) -> None:
    for row, quantile in zip(kwh, row_quantiles(kwh, share), strict=True):
        there = row[~np.isnan(row)].astype(np.float64)
        if len(there):
            assert quantile == np.quantile(there, share, method="inverted_cdf")
        else:
            assert np.isnan(quantile)


@given(values)
def test_the_unit_does_not_matter_where_nothing_is_ordinary_for_all(kwh: np.ndarray) -> None:
    for find in (find_spikes, find_jumps):
        np.testing.assert_array_equal(find(kwh, CONFIG, 1.0), find(kwh * np.float32(1024), CONFIG, 1.0))
