"""Versions of readings, against an oracle that keeps a dictionary."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from metrify.readings.store.versions import CURRENT, VersionedRows, as_of, resolve_versions

Row = tuple[int, int, int]  # meter, time, version

# The value follows from the key and the version, so no two rows contradict each other.
ROWS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3), st.integers(0, 4)), max_size=12)
ARRIVALS = st.lists(ROWS, min_size=1, max_size=5)


def value_of(row: Row) -> float:
    meter, time, version = row
    return float((7 * meter + 3 * time + 5 * version) % 4)


def rows_of(rows: list[Row], values: list[float] | None = None) -> VersionedRows:
    meter, time, version = np.array(rows, dtype=np.int64).reshape(-1, 3).T
    value = np.array([value_of(row) for row in rows] if values is None else values, dtype=np.float64)
    nothing = np.zeros(len(rows), np.int32)
    return VersionedRows(meter.astype(np.int32), time, value, version, nothing, nothing)


def arrive(arrivals: list[list[Row]]) -> VersionedRows:
    """Current rows and history after some arrivals, numbered from 1."""
    known = rows_of([])
    for number, rows in enumerate(arrivals, start=1):
        resolution = resolve_versions(known, rows_of(rows), number, unchanged_is_duplicate=False)
        assert not len(resolution.conflicts)
        known = VersionedRows.join([resolution.current, resolution.history])
    return known


def counted(rows: VersionedRows) -> dict[tuple[int, int], tuple[int, float]]:
    now = rows.take(rows.superseded == CURRENT)
    keys = zip(now.meter.tolist(), now.time.tolist(), strict=True)
    answer = dict(zip(keys, zip(now.version.tolist(), now.value.tolist(), strict=True), strict=True))
    assert len(answer) == len(now)
    return answer


def highest(rows: list[Row]) -> dict[tuple[int, int], tuple[int, float]]:
    return {(meter, time): (version, value_of((meter, time, version))) for meter, time, version in sorted(rows)}


@given(ARRIVALS)
def test_the_highest_version_counts_and_nothing_is_lost(arrivals: list[list[Row]]) -> None:
    known = arrive(arrivals)
    everything = [row for rows in arrivals for row in rows]
    assert counted(known) == highest(everything)
    assert sorted(zip(known.meter, known.time, known.version, strict=True)) == sorted(set(everything))


@given(ARRIVALS, st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter(arrivals: list[list[Row]], random) -> None:
    shuffled = random.sample(arrivals, len(arrivals))
    assert counted(arrive(arrivals)) == counted(arrive(shuffled))


@given(ARRIVALS, st.integers(0, 5))
def test_what_arrived_before_changes_nothing_when_it_comes_again(arrivals: list[list[Row]], prefix: int) -> None:
    known = arrive(arrivals)
    for rows in arrivals[:prefix]:
        again = resolve_versions(known, rows_of(rows), 99, unchanged_is_duplicate=False)
        assert again.duplicates == len(rows)
        assert not again.changed.any()
        assert_same_rows(VersionedRows.join([again.current, again.history]), known)


def assert_same_rows(one: VersionedRows, other: VersionedRows) -> None:
    one, other = (rows.take(np.lexsort((rows.version, rows.time, rows.meter))) for rows in (one, other))
    for name in ("meter", "time", "value", "version", "arrived", "superseded"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


@given(ARRIVALS, st.integers(1, 5))
def test_what_counted_then_can_be_told_later(arrivals: list[list[Row]], data_version: int) -> None:
    then = as_of(arrive(arrivals), data_version)
    rows = zip(then.meter.tolist(), then.time.tolist(), then.version.tolist(), then.value.tolist(), strict=True)
    seen = [row for rows in arrivals[:data_version] for row in rows]
    assert {(meter, time): (version, value) for meter, time, version, value in rows} == highest(seen)


@given(ARRIVALS)
def test_what_is_called_changed_is_what_changed(arrivals: list[list[Row]]) -> None:
    known = arrive(arrivals[:-1])
    resolution = resolve_versions(known, rows_of(arrivals[-1]), 99, unchanged_is_duplicate=False)
    before = {key: value for key, (_, value) in counted(known).items()}
    now = resolution.current
    for meter, time, value, changed, corrected in zip(
        now.meter, now.time, now.value, resolution.changed, resolution.corrected, strict=True
    ):
        assert changed == (before.get((meter, time)) != value)
        assert corrected == ((meter, time) in before and before[meter, time] != value)


def test_two_values_of_one_version_contradict_each_other() -> None:
    known = resolve_versions(rows_of([]), rows_of([(0, 0, 1)], [5.0]), 1, unchanged_is_duplicate=False).current
    new = rows_of([(0, 1, 1), (0, 0, 1), (0, 1, 1), (0, 0, 2)], [1.0, 6.0, 2.0, 6.0])
    assert resolve_versions(known, new, 2, unchanged_is_duplicate=False).conflicts.tolist() == [1, 2]


def test_where_versions_are_arrivals_the_same_value_again_is_a_duplicate() -> None:
    known = resolve_versions(rows_of([]), rows_of([(0, 0, 1), (0, 1, 1)], [5.0, 5.0]), 1, unchanged_is_duplicate=True)
    new = rows_of([(0, 0, 2), (0, 1, 2)], [5.0, 6.0])
    resolution = resolve_versions(known.current, new, 2, unchanged_is_duplicate=True)
    assert resolution.duplicates == 1
    assert resolution.current.arrived.tolist() == [1, 2]
    assert resolution.changed.tolist() == resolution.corrected.tolist() == [False, True]
