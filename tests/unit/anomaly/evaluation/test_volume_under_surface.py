import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrify.anomaly.evaluation import TrueEvents, average_precision, volume_under_surface
from metrify.anomaly.evaluation.soft_labels import soften_labels
from metrify.errors import AnomalyError

from .made_up import draw_events, draw_scores, events_of

seeds = st.integers(0, 2**32 - 1)


def volume_by_the_paper(
    scores: list[float], events: list[tuple[int, int]], max_buffer: int, thresholds: list[float]
) -> float:
    """The formulas of Paparrizos et al. 2022 for a single series, day by day; events are first and last days."""
    areas = []
    for buffer in range(max_buffer + 1):
        soft = [soft_label(day, events, buffer) for day in range(len(scores))]
        plain = [float(any(first <= day <= last for first, last in events)) for day in range(len(scores))]
        positives = sum((a + b) / 2 for a, b in zip(plain, soft, strict=True))
        area, recall_before, precision_before = 0.0, 0.0, 1.0
        for threshold in thresholds:
            called = [float(score >= threshold) for score in scores]
            true_positives = sum(a * b for a, b in zip(soft, called, strict=True))
            false_positives = sum((1 - a) * b for a, b in zip(soft, called, strict=True))
            existing = 0
            for first, last in events:
                near = range(max(first - buffer // 2, 0), min(last + buffer // 2, len(scores) - 1) + 1)
                existing += any(called[day] for day in near)
            recall = min(true_positives / positives, 1) * existing / len(events)
            precision = true_positives / (true_positives + false_positives)
            area += (precision + precision_before) * (recall - recall_before) / 2
            recall_before, precision_before = recall, precision
        areas.append(area)
    return sum(areas) / len(areas)


def soft_label(day: int, events: list[tuple[int, int]], buffer: int) -> float:
    total = 0.0
    for first, last in events:
        if first <= day <= last:
            total += 1
        elif first - buffer // 2 <= day < first:
            total += math.sqrt(1 - (first - day) / buffer)
        elif last < day <= last + buffer // 2:
            total += math.sqrt(1 - (day - last) / buffer)
    return min(total, 1)


def draw_series(seed: int, digits: int) -> tuple[np.ndarray, TrueEvents]:
    days = int(np.random.default_rng(seed).integers(20, 70))
    events = draw_events((1, days), 3, seed, longest=6)
    return draw_scores(events.labels((1, days)), seed, gain=1.0, missing=0, digits=digits), events


def first_and_last_days(events: TrueEvents) -> list[tuple[int, int]]:
    return list(zip(events.begins.tolist(), (events.ends - 1).tolist(), strict=True))


@settings(max_examples=60)
@given(seeds, st.integers(0, 8), st.sampled_from([1, 9]))
def test_the_volume_of_one_series_is_that_of_the_formulas(seed: int, max_buffer_days: int, digits: int) -> None:
    scores, events = draw_series(seed, digits)
    thresholds = sorted(scores[0].tolist(), reverse=True)
    expected = volume_by_the_paper(scores[0].tolist(), first_and_last_days(events), max_buffer_days, thresholds)
    assert volume_under_surface(scores, events, max_buffer_days) == pytest.approx(expected)


@settings(max_examples=20)
@given(seeds, st.integers(2, 20), st.sampled_from([1, 9]))
def test_few_thresholds_are_scores_at_even_ranks_with_the_highest_and_the_lowest(
    seed: int, max_thresholds: int, digits: int
) -> None:
    scores, events = draw_series(seed, digits)
    falling = sorted(scores[0].tolist(), reverse=True)
    last = len(falling) - 1
    count = min(max_thresholds, len(falling))
    thresholds = [falling[math.floor(step * last / (count - 1) + 1e-9)] for step in range(count)]
    expected = volume_by_the_paper(scores[0].tolist(), first_and_last_days(events), 4, thresholds)
    assert volume_under_surface(scores, events, 4, max_thresholds) == pytest.approx(expected)


def test_more_thresholds_than_scores_are_all_scores() -> None:
    scores, events = draw_series(0, 9)
    all_scores = volume_under_surface(scores, events, 4, scores.size)
    assert volume_under_surface(scores, events, 4, 10**15) == pytest.approx(all_scores)


@settings(max_examples=20)
@given(seeds)
def test_meters_far_apart_in_one_series_are_as_good_as_meters_of_their_own(seed: int) -> None:
    shape = (3, 40)
    events = draw_events(shape, 5, seed)
    scores = draw_scores(events.labels(shape), seed, gain=1.0)
    between = np.full((3, 4), np.nan)  # further than slopes reach, and not scored
    series = np.concatenate([scores, between], axis=1).reshape(1, -1)
    places = events.meters * 44
    joined = TrueEvents(np.zeros(5, int), places + events.begins, places + events.ends, events.kinds)
    assert volume_under_surface(scores, events) == pytest.approx(volume_under_surface(series, joined))


def test_days_without_a_score_lie_between_others_and_count_nowhere() -> None:
    # Day 2 was not scored, so the slopes that it would have are lost and those of its neighbours stay.
    scores = np.array([[0.1, 0.8, np.nan, 0.9, 0.3, 0.2]])
    events = events_of((0, 3, 4))
    near, far = 0.75**0.5, 0.5**0.5
    positives = (1 + (1 + near + 2 * far)) / 2  # days 3 and 4, and days 1 and 5
    gains = np.array([1, far, near, far]).cumsum()
    recall = np.minimum(gains / positives, 1)
    area = np.trapezoid([1, *(gains / np.arange(1, 5))], [0, *recall])
    found = [volume_under_surface(scores, events, longest) for longest in (3, 4)]
    assert 5 * found[1] - 4 * found[0] == pytest.approx(area)


def test_an_event_that_could_not_be_scored_lowers_the_volume_by_its_share() -> None:
    shape = (2, 30)
    found, unscored = events_of((0, 10, 20)), events_of((0, 10, 20), (1, 5, 8))
    scores = draw_scores(found.labels(shape), 0, gain=2.0, missing=0)
    scores[1] = np.nan
    assert volume_under_surface(scores, unscored) == pytest.approx(volume_under_surface(scores, found) / 2)


def test_the_best_score_has_nearly_one() -> None:
    shape = (20, 300)
    events = TrueEvents(np.arange(20), np.arange(20) * 10, np.arange(20) * 10 + 40, np.full(20, "theft"))
    scores = soften_labels(events, shape, 16)  # days near an event come next after those in it
    assert volume_under_surface(scores, events, 0) == pytest.approx(1)
    assert volume_under_surface(scores, events) > 0.97


def test_a_random_score_has_about_the_share_of_labelled_days() -> None:
    shape = (60, 300)
    events = TrueEvents(np.arange(60), np.arange(60) * 4, np.arange(60) * 4 + 30, np.full(60, "theft"))
    labels = events.labels(shape)
    volumes = [volume_under_surface(draw_scores(labels, seed), events) for seed in range(10)]
    assert 0.95 * labels.mean() < np.mean(volumes) < 1.05 * soften_labels(events, shape, 7).mean()
    assert max(volumes) < 1.25 * labels.mean()


@settings(max_examples=200)
@given(seeds, st.sampled_from([1, 9]), st.floats(0, 3))
def test_a_lower_score_far_from_all_events_never_harms(seed: int, digits: int, fall: float) -> None:
    shape = (2, 50)
    events = draw_events(shape, 3, seed)
    scores = draw_scores(events.labels(shape), seed, gain=1.0, digits=digits)
    far = np.argwhere((soften_labels(events, shape, 7) == 0) & ~np.isnan(scores))
    lower = scores.copy()
    lower[tuple(far[seed % len(far)])] -= fall
    assert volume_under_surface(lower, events) >= volume_under_surface(scores, events) - 1e-12


@settings(max_examples=200)
@given(seeds, st.floats(0, 3))
def test_a_higher_score_in_the_only_event_never_harms(seed: int, rise: float) -> None:
    """Where no two scores are equal: one that leaves its equals makes a threshold of its own among them."""
    shape, digits = (2, 50), 9
    events = draw_events(shape, 1, seed)
    scores = draw_scores(events.labels(shape), seed, gain=1.0, missing=0, digits=digits)
    higher = scores.copy()
    higher[events.meters[0], seed % (events.ends[0] - events.begins[0]) + events.begins[0]] += rise
    assert volume_under_surface(higher, events) >= volume_under_surface(scores, events) - 1e-12


def test_the_clearer_an_event_is_the_larger_the_volume() -> None:
    shape = (40, 200)
    events = draw_events(shape, 40, 0)
    labels = events.labels(shape)
    volumes = [volume_under_surface(draw_scores(labels, 0, gain), events) for gain in (0, 1, 2, 3, 4)]
    assert (np.diff(volumes) > 0.05).all()


def test_a_near_miss_is_worth_more_than_one_far_away() -> None:
    events, scores = events_of((0, 40, 50)), np.zeros((1, 100))
    hit, near, far = scores.copy(), scores.copy(), scores.copy()
    hit[0, 40:50], near[0, 38:48], far[0, 20:30] = 1, 1, 1
    volumes = [volume_under_surface(part, events) for part in (hit, near, far)]
    assert volumes[0] > volumes[1] > volumes[2]
    without_buffer = volume_under_surface(near, events, 0)
    assert average_precision(near, events.labels((1, 100))) < without_buffer + 0.02 < volumes[1]


@given(seeds, st.floats(0.1, 10))
def test_only_the_order_of_scores_matters(seed: int, factor: float) -> None:
    shape = (2, 40)
    events = draw_events(shape, 3, seed)
    scores = draw_scores(events.labels(shape), seed, digits=1)
    assert volume_under_surface(np.exp(factor * scores), events) == pytest.approx(volume_under_surface(scores, events))


def test_a_surface_needs_a_buffer_and_thresholds() -> None:
    scores, events = np.ones((1, 5)), events_of((0, 1, 2))
    with pytest.raises(AnomalyError, match="buffers up to -1 days"):
        volume_under_surface(scores, events, -1)
    with pytest.raises(AnomalyError, match="and 1 thresholds"):
        volume_under_surface(scores, events, 7, 1)


def test_what_can_not_be_judged_is_refused() -> None:
    with pytest.raises(AnomalyError, match="None of 5 scored days"):
        volume_under_surface(np.ones((1, 5)), events_of())
    with pytest.raises(AnomalyError, match="1 spans lie outside"):
        volume_under_surface(np.ones((1, 5)), events_of((0, 3, 6)))
