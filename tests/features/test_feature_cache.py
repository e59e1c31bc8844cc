"""The cache is bounded, forgets in time, and never keeps what a push made old."""

from hypothesis import given
from hypothesis import strategies as st

from metrify.adapters.feature_cache import FeatureCache


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_row_counts_for_its_time() -> None:
    clock = Clock()
    cache = FeatureCache[int](max_seconds=5, clock=clock)
    cache.keep({"a": 1}, cache.generation)
    clock.now = 5
    assert cache.find(["a", "b"]) == {"a": 1}
    clock.now = 5.1
    assert cache.find(["a"]) == {}
    assert len(cache) == 0


def test_a_hit_does_not_prolong_a_rows_time() -> None:
    clock = Clock()
    cache = FeatureCache[int](max_seconds=5, clock=clock)
    cache.keep({"a": 1}, cache.generation)
    for clock.now in (2, 4):
        assert cache.find(["a"]) == {"a": 1}
    clock.now = 6
    assert cache.find(["a"]) == {}


def test_the_row_that_was_not_used_for_longest_goes_first() -> None:
    cache = FeatureCache[int](max_entries=2)
    cache.keep({"a": 1, "b": 2}, cache.generation)
    cache.find(["a"])
    cache.keep({"c": 3}, cache.generation)
    assert cache.find(["a", "b", "c"]) == {"a": 1, "c": 3}


def test_what_was_pushed_is_forgotten() -> None:
    cache = FeatureCache[int]()
    cache.keep({"a": 1, "b": 2}, cache.generation)
    cache.forget(["a", "unknown"])
    assert cache.find(["a", "b"]) == {"b": 2}


def test_a_read_that_began_before_a_push_is_not_kept() -> None:
    cache = FeatureCache[int]()
    before = cache.generation
    cache.forget(["a"])
    cache.keep({"a": 1}, before)
    assert cache.find(["a"]) == {}
    cache.keep({"a": 2}, cache.generation)
    assert cache.find(["a"]) == {"a": 2}


@given(st.lists(st.tuples(st.sampled_from(["keep", "find", "forget"]), st.integers(0, 9)), max_size=60))
def test_it_holds_no_more_than_its_bound_and_only_what_was_kept_last(steps: list[tuple[str, int]]) -> None:
    cache, last = FeatureCache[int](max_entries=4), {}
    for number, (step, entity) in enumerate(steps):
        name = str(entity)
        if step == "keep":
            cache.keep({name: number}, cache.generation)
            last[name] = number
        elif step == "forget":
            cache.forget([name])
            last.pop(name, None)
        else:
            assert cache.find([name]).get(name, last.get(name)) == last.get(name)
        assert len(cache) <= 4
