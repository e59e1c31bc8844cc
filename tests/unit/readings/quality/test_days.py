import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrify.config.schema import QualityConfig
from metrify.readings.matrix import ReadingsMatrix
from metrify.readings.quality.days import judge_days
from metrify.readings.quality.faults import Fault
from metrify.readings.quality.tables import DAYS_SCHEMA

NAN = float("nan")
CONFIG = QualityConfig(min_day_coverage=0.75)
LONDON = "Europe/London"


def judge(matrix: ReadingsMatrix, faults: dict[int, int] | None = None, quarantined=(), timezone="UTC") -> pd.DataFrame:
    """The days of a matrix whose first meter has some faults by column, and some columns in quarantine."""
    bits = np.zeros(matrix.kwh.shape, dtype=np.uint16)
    kept_out = np.zeros(matrix.kwh.shape, dtype=bool)
    for column, fault in (faults or {}).items():
        bits[0, column] = fault
    kept_out[0, list(quarantined)] = True
    return DAYS_SCHEMA.validate(judge_days(matrix, bits, kept_out, timezone, CONFIG))


@pytest.mark.parametrize("minutes", [60, 30, 15])
@pytest.mark.parametrize(("first", "hours"), [("2024-03-30", [24, 23, 24]), ("2024-10-26", [24, 25, 24])])
def test_a_day_has_as_many_hours_as_its_clock(make_matrix, minutes: int, first: str, hours: list[int]) -> None:
    start = pd.Timestamp(first, tz=LONDON).tz_convert("UTC").tz_localize(None)
    intervals = [length * 60 // minutes for length in hours]
    days = judge(make_matrix([0.5] * sum(intervals), start=str(start), minutes=minutes), timezone=LONDON)
    assert days["expected"].tolist() == days["present"].tolist() == intervals
    assert days["day"].dt.strftime("%Y-%m-%d").tolist() == [
        str(day.date()) for day in pd.date_range(first, periods=3, freq="D")
    ]
    assert days["verdict"].tolist() == ["good"] * 3
    assert days["reasons"].tolist() == [""] * 3


def test_the_first_and_the_last_day_count_in_full(make_matrix) -> None:
    days = judge(make_matrix([0.5] * 30, start="2024-01-01 20:00"))
    assert days["expected"].tolist() == [24, 24, 24]
    assert days["present"].tolist() == [4, 24, 2]
    assert days["longest_gap_hours"].tolist() == [20, 0, 22]
    assert days["verdict"].tolist() == ["bad", "good", "bad"]


def test_an_interval_belongs_to_the_day_in_which_it_begins(make_matrix) -> None:
    days = judge(make_matrix([0.5] * 48, start="2024-01-01 18:00"), timezone="Asia/Kolkata")  # midnight is 18:30 UTC
    assert days["expected"].tolist() == [24, 24, 24]
    assert days["present"].tolist() == [1, 24, 23]


def test_a_day_whose_midnight_the_clocks_skip(make_matrix) -> None:
    days = judge(make_matrix([0.5] * 71, start="2024-04-24 22:00"), timezone="Africa/Cairo")  # 26 April begins at 1:00
    assert days["expected"].tolist() == [24, 23, 24]
    assert days["verdict"].tolist() == ["good"] * 3


@pytest.mark.parametrize(
    ("missing", "quarantined", "coverage", "gap", "verdict", "reasons"),
    [
        ([], [], 1, 0, "good", ""),
        ([5], [], 23 / 24, 1, "suspect", "gap"),
        ([5, 7, 8], [], 21 / 24, 2, "suspect", "gap"),
        (range(6), [], 18 / 24, 6, "suspect", "gap"),  # exactly at the limit
        (range(7), [], 17 / 24, 7, "bad", "gap; coverage below 0.75"),
        ([5], [6], 22 / 24, 2, "suspect", "gap"),
        (range(5), [5, 9], 17 / 24, 6, "bad", "gap; coverage below 0.75"),
        (range(24), [], 0, 24, "bad", "gap; coverage below 0.75"),
    ],
)
def test_gaps(make_matrix, missing, quarantined, coverage: float, gap: int, verdict: str, reasons: str) -> None:
    row = np.full(24, 0.5)
    row[list(missing)] = NAN
    day = judge(make_matrix(row), quarantined=quarantined).iloc[0]
    assert (day["coverage"], day["longest_gap_hours"]) == (coverage, gap)
    assert (day["verdict"], day["reasons"]) == (verdict, reasons)
    assert (day["present"], day["quarantined"]) == (24 - len(missing), len(quarantined))


def test_a_gap_is_cut_at_midnight(make_matrix) -> None:
    row = np.full(72, 0.5)
    row[20:52] = NAN
    assert judge(make_matrix(row))["longest_gap_hours"].tolist() == [4, 24, 4]


@pytest.mark.parametrize(("minutes", "hours"), [(30, 0.5), (15, 0.25)])
def test_gaps_are_in_hours(make_matrix, minutes: int, hours: float) -> None:
    row = np.full(24 * 60 // minutes, 0.5)
    row[7] = NAN
    assert judge(make_matrix(row, minutes=minutes))["longest_gap_hours"].tolist() == [hours]


def test_faults_are_counted_and_make_a_day_suspect(make_matrix) -> None:
    both = Fault.SPIKE | Fault.JUMP
    days = judge(make_matrix([0.5] * 48, [0.5] * 48), faults={3: both, 7: Fault.JUMP, 30: Fault.ZERO_RUN})
    first, second, *others = days.to_dict("records")
    assert (first["spike"], first["jump"], first["zero_run"]) == (1, 2, 0)
    assert (second["spike"], second["jump"], second["zero_run"]) == (0, 0, 1)
    assert [first["verdict"], second["verdict"]] == ["suspect", "suspect"]
    assert [first["reasons"], second["reasons"]] == ["spike; jump", "zero_run"]
    assert [day["verdict"] for day in others] == ["good", "good"]


@given(st.integers(0, 24 * 400), st.integers(1, 100), st.sampled_from([LONDON, "Asia/Kolkata", "America/Santiago"]))
def test_every_reading_lies_on_one_day_and_the_gaps_fit(first: int, length: int, timezone: str) -> None:
    start = pd.Timestamp("2024-01-01", tz="UTC") + pd.Timedelta(hours=first)
    kwh = np.where(np.random.default_rng(length).random((2, length)) < 0.3, np.nan, 0.5).astype(np.float32)
    matrix = ReadingsMatrix(np.array(["a", "b"], dtype=object), start, 60, kwh)
    days = judge(matrix, timezone=timezone)
    assert days["day"].is_monotonic_increasing or len(days) > 1
    assert days.groupby("meter_id")["present"].sum().tolist() == np.isfinite(kwh).sum(axis=1).tolist()
    dates = matrix.timestamps.tz_convert(timezone).tz_localize(None).normalize()
    for day in days.itertuples():
        row = kwh[["a", "b"].index(day.meter_id), dates == day.day]
        assert day.present == np.isfinite(row).sum()
        assert day.expected in (23, 24, 25)
        assert (day.longest_gap_hours == 0) == (day.coverage == 1)
        assert day.longest_gap_hours <= day.expected - day.present
