"""Labels of a dataset as events by judged day."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrify.anomaly.evaluation import TrueEvents
from metrify.anomaly.labelled_events import find_labelled_events, read_labelled_events

from .made_up_days import make_up_days

DAYS = make_up_days(2, 100)  # clocks change on 31 March, day 90; judged from day 28, 29 January, to 9 April
_FIRST, _LAST = 28, 99


def labels_of(*rows: tuple[str, str, str, str]) -> pd.DataFrame:
    """Meter, local start and end, kind."""
    frame = pd.DataFrame(rows, columns=["meter_id", "start", "end", "kind"])
    for name in ("start", "end"):
        frame[name] = pd.to_datetime(frame[name]).dt.tz_localize("Europe/London").dt.tz_convert("UTC").dt.as_unit("us")
    return frame


def spans_of(events: TrueEvents) -> list[tuple[int, int, int, str]]:
    return list(zip(events.meters.tolist(), events.begins.tolist(), events.ends.tolist(), events.kinds, strict=True))


@given(st.integers(0, 100 * 96), st.integers(1, 5 * 96))
def test_an_event_has_just_the_judged_days_that_share_a_moment_with_the_label(start: int, length: int) -> None:
    """Quarters of an hour, also where hourly readings have no edge, and over the change of clocks."""
    quarters = pd.date_range("2024-01-01", periods=start + length + 1, freq="15min", tz="UTC").as_unit("us")
    label = pd.DataFrame(
        {"meter_id": ["meter-1"], "start": quarters[[start]], "end": quarters[[-1]], "kind": ["theft"]}
    )
    dates = quarters[start:-1].tz_convert("Europe/London").tz_localize(None).normalize().unique()
    numbers = [int(number) for number in (dates - pd.Timestamp("2024-01-01")).days if _FIRST <= number <= _LAST]
    found = find_labelled_events(label, DAYS)
    expected = [(1, numbers[0] - _FIRST, numbers[-1] + 1 - _FIRST, "theft")] if numbers else []
    assert spans_of(found.events) == expected
    assert found.outside == 1 - len(expected)
    assert found.events.labels(DAYS.shape).sum() == len(numbers)


@pytest.mark.parametrize(("end", "behind"), [("2024-04-01", 91), ("2024-04-01 00:01", 92), ("2024-03-31 23:00", 91)])
def test_the_day_of_23_hours_ends_at_local_midnight(end: str, behind: int) -> None:
    found = find_labelled_events(labels_of(("meter-0", "2024-03-31", end, "stuck")), DAYS)
    assert spans_of(found.events) == [(0, 90 - _FIRST, behind - _FIRST, "stuck")]


def test_what_becomes_no_event_is_counted_once() -> None:
    found = find_labelled_events(
        labels_of(
            ("meter-9", "2023-01-01", "2023-01-02", "vacancy"),
            ("meter-0", "2024-01-28", "2024-01-29", "theft"),
            ("meter-0", "2024-04-10", "2024-04-11", "vacancy"),
            ("meter-0", "2024-02-01", "2024-02-02", "vacancy"),
            ("meter-1", "2024-01-01", "2024-12-31", ""),
            ("meter-1", "2024-01-20", "2024-01-30", "other"),
        ),
        DAYS,
    )
    assert (found.other_meters, found.outside, found.no_faults) == (1, 2, 1)
    assert spans_of(found.events) == [(1, 0, 72, "unknown"), (1, 0, 1, "other")]


def test_labels_of_other_times_alone_are_no_events() -> None:
    found = find_labelled_events(labels_of(("meter-0", "2023-01-01", "2023-01-02", "theft")), DAYS)
    assert len(found.events) == 0
    assert not found.events.labels(DAYS.shape).any()


def test_a_dataset_may_have_no_labels(tmp_path: Path) -> None:
    assert read_labelled_events(tmp_path, DAYS) is None
    labels_of(("meter-1", "2024-02-01", "2024-02-02", "spike")).to_parquet(tmp_path / "labels.parquet")
    found = read_labelled_events(tmp_path, DAYS.choose(np.array([1])))
    assert found is not None
    assert spans_of(found.events) == [(0, 3, 4, "spike")]
