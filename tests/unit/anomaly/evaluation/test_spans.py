import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrify.anomaly.evaluation.spans import Spans
from metrify.errors import AnomalyError

from .made_up import draw_events

SHAPE = (4, 15)
seeds = st.integers(0, 2**32 - 1)


@given(seeds, st.integers(0, 12))
def test_days_are_those_of_a_loop_over_spans(seed: int, count: int) -> None:
    spans, generator = draw_events(SHAPE, count, seed), np.random.default_rng(seed)
    values, marked = generator.normal(size=SHAPE), generator.random(SHAPE) < 0.3
    covered = np.zeros(SHAPE, bool)
    highest, counts = [], []
    for meter, begin, end in zip(spans.meters, spans.begins, spans.ends, strict=True):
        covered[meter, begin:end] = True
        highest.append(values[meter, begin:end].max())
        counts.append(marked[meter, begin:end].sum())
    np.testing.assert_array_equal(spans.covered(SHAPE), covered)
    np.testing.assert_array_equal(spans.highest(values), highest)
    np.testing.assert_array_equal(spans.count(marked), counts)
    assert len(spans) == count


def test_spans_that_overlap_or_touch_cover_their_days_once() -> None:
    spans = Spans(np.array([0, 0, 0]), np.array([0, 1, 3]), np.array([3, 3, 4]))
    assert spans.covered((1, 5)).tolist() == [[True, True, True, True, False]]


@pytest.mark.parametrize("end", [2, 1])
def test_a_span_without_a_day_is_refused(end: int) -> None:
    with pytest.raises(AnomalyError, match=f"1 spans end no later.* from day 2 to day {end}") as raised:
        Spans(np.array([0, 0]), np.array([0, 2]), np.array([1, end]))
    assert "the day after the last one" in raised.value.mend


def test_lengths_signs_and_types_are_looked_at() -> None:
    one, two = np.array([1]), np.array([2, 3])
    with pytest.raises(AnomalyError, match=r"'begins': \[2\]"):
        Spans(one, two, one + 3)
    with pytest.raises(AnomalyError, match=r"'ends': \[2\]"):
        Spans(one, one, two)
    with pytest.raises(AnomalyError, match=r"'meters': \[1, 1\]"):
        Spans(one[None], one[None], two[None, :1])
    with pytest.raises(AnomalyError, match="begins of spans have the negative number -1"):
        Spans(one, one - 2, one)
    with pytest.raises(AnomalyError, match="meters of spans are of type float64"):
        Spans(one / 2, one, one + 1)


@pytest.mark.parametrize(("meter", "end"), [(2, 3), (1, 4)])
def test_a_span_outside_of_the_days_is_refused(meter: int, end: int) -> None:
    spans = Spans(np.array([0, meter]), np.array([0, 1]), np.array([1, end]))
    for refused in (
        lambda: spans.covered((2, 3)),
        lambda: spans.count(np.ones((2, 3), bool)),
        lambda: spans.highest(np.ones((2, 3))),
    ):
        with pytest.raises(AnomalyError, match=f"1 spans lie outside of 2 meters and 3 days.* meter {meter} before"):
            refused()
