import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrify.errors import ForecastError
from metrify.forecasting.reconciliation import build_hierarchy

from .grids import draw_hierarchy, draw_loads

METERS = np.array(["a", "b", "c", "d"], dtype=object)
FEEDERS = np.array(["f2", "f1", "f2", "f3"], dtype=object)
DISTRICTS = np.array(["east", "east", "east", "west"], dtype=object)


def test_the_summing_matrix_by_hand() -> None:
    hierarchy = build_hierarchy(METERS, FEEDERS, DISTRICTS)
    assert hierarchy.names.tolist() == ["total", "east", "west", "f1", "f2", "f3", "a", "b", "c", "d"]
    assert hierarchy.levels.tolist() == ["total", *["district"] * 2, *["feeder"] * 3, *["meter"] * 4]
    assert hierarchy.aggregates == 6
    assert hierarchy.summing_matrix().toarray().astype(int).tolist() == [
        [1, 1, 1, 1],
        [1, 1, 1, 0],
        [0, 0, 0, 1],
        [0, 1, 0, 0],
        [1, 0, 1, 0],
        [0, 0, 0, 1],
        [1, 0, 0, 0],
        [0, 1, 0, 0],
        [0, 0, 1, 0],
        [0, 0, 0, 1],
    ]


@given(st.integers(1, 30), st.integers(1, 8), st.integers(1, 4), st.integers(0, 2**32 - 1))
def test_every_level_adds_up_to_the_total(meters: int, feeders: int, districts: int, seed: int) -> None:
    hierarchy = draw_hierarchy(meters, feeders, districts, seed)
    loads = draw_loads(hierarchy, 3, seed)
    for level in ("district", "feeder", "meter"):
        np.testing.assert_allclose(loads[hierarchy.levels == level].sum(axis=0), loads[0])
    np.testing.assert_allclose(hierarchy.summing_matrix() @ loads[hierarchy.aggregates :], loads)


def test_thousands_of_meters_stay_sparse() -> None:
    hierarchy = draw_hierarchy(20_000, 400, 20, 0)
    assert hierarchy.aggregation.nnz == 3 * 20_000


def test_a_feeder_and_a_district_may_share_a_name() -> None:
    hierarchy = build_hierarchy(METERS, DISTRICTS, DISTRICTS)
    assert hierarchy.names[:5].tolist() == ["total", "east", "west", "east", "west"]


def test_a_level_may_be_missing() -> None:
    assert build_hierarchy(METERS).names.tolist() == ["total", *METERS]
    assert build_hierarchy(METERS, feeders=FEEDERS).names.tolist() == ["total", "f1", "f2", "f3", *METERS]
    assert build_hierarchy(METERS, districts=DISTRICTS).levels[:3].tolist() == ["total", "district", "district"]


def test_a_sum_that_another_series_is_counts_once() -> None:
    hierarchy = build_hierarchy(METERS, FEEDERS, DISTRICTS)
    distinct, kept = hierarchy.without_repeats()  # west and f3 are d alone, f1 is b
    assert distinct.names.tolist() == ["total", "east", "f2", *METERS]
    assert hierarchy.names[kept].tolist() == distinct.names.tolist()
    assert distinct.summing_matrix().toarray().tolist() == hierarchy.summing_matrix().toarray()[kept].tolist()
    assert build_hierarchy(METERS, DISTRICTS, DISTRICTS).without_repeats()[0].levels[:2].tolist() == [
        "total",
        "district",
    ]
    assert build_hierarchy(METERS[:1]).without_repeats()[0].aggregates == 0


def test_what_is_no_hierarchy_is_refused() -> None:
    with pytest.raises(ForecastError, match="1 feeders lie in several districts, for instance f2"):
        build_hierarchy(METERS, FEEDERS, np.array(["east", "east", "west", "west"], dtype=object))
    with pytest.raises(ForecastError, match="1 come twice and 0 lack"):
        build_hierarchy(np.array(["a", "b", "a", "d"], dtype=object), FEEDERS, DISTRICTS)
    with pytest.raises(ForecastError, match="0 come twice and 2 lack"):
        build_hierarchy(METERS, np.array(["f2", None, "f2", None], dtype=object), DISTRICTS)
    with pytest.raises(ForecastError, match="Of 0 meters"):
        build_hierarchy(METERS[:0], FEEDERS[:0], DISTRICTS[:0])


def test_a_sum_over_missing_meters_is_refused() -> None:
    hierarchy = build_hierarchy(METERS, FEEDERS, DISTRICTS)
    with pytest.raises(ForecastError, match="1 values of the hierarchy are missing"):
        hierarchy.bottom_up(np.array([[1.0], [np.nan], [1], [1]]))
    for shape in ((3, 2), (4,), (10, 1)):
        with pytest.raises(ForecastError, match=r"where \[4, K\] is needed"):
            hierarchy.bottom_up(np.ones(shape))
