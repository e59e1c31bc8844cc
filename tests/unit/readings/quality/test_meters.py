import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from metrify.config.schema import QualityConfig
from metrify.readings.matrix import ReadingsMatrix
from metrify.readings.quality.meters import judge_meters

CONFIG = QualityConfig(min_coverage=0.9, min_mean_kwh=0.01)
HOURS = 20


def judge(*rows: np.ndarray, quarantined: int = 0, days: int = 28, config: QualityConfig = CONFIG) -> pd.DataFrame:
    """The verdicts, with the last readings of each row in quarantine."""
    names = np.array([f"m{row}" for row in range(len(rows))], dtype=object)
    kwh = np.stack(rows).astype(np.float32)
    kept_out = np.zeros(kwh.shape, dtype=bool)
    kept_out[:, kwh.shape[1] - quarantined :] = True
    matrix = ReadingsMatrix(names, pd.Timestamp("2024-01-01", tz="UTC"), 60, kwh)
    return judge_meters(matrix, kept_out, np.full(len(rows), days), config)


def load(kwh: float = 0.5, missing: int = 0) -> np.ndarray:
    row = np.full(HOURS, float(kwh))
    row[1 : 1 + missing] = np.nan
    return row


@pytest.mark.parametrize(
    ("row", "quarantined", "reasons"),
    [
        (load(), 0, ""),
        (load(missing=2), 0, ""),  # exactly at the limit
        (load(missing=3), 0, "coverage below 0.9"),
        (load(), 2, ""),
        (load(), 3, "coverage below 0.9"),
        (load(missing=1), 2, "coverage below 0.9"),
        (load(kwh=0), 0, "mean below 0.01 kWh"),
        (load(kwh=0.009), 0, "mean below 0.01 kWh"),
        (load(kwh=0, missing=3), 0, "coverage below 0.9; mean below 0.01 kWh"),
        (np.full(HOURS, np.nan), 0, "coverage below 0.9; mean below 0.01 kWh"),
    ],
)
def test_a_verdict_names_all_its_reasons(row: np.ndarray, quarantined: int, reasons: str) -> None:
    verdict = judge(row, quarantined=quarantined).iloc[0]
    assert verdict["reasons"] == reasons
    assert verdict["accepted"] == (not reasons)
    assert verdict["quarantined"] == quarantined


def test_the_figures_are_those_of_the_usable_readings() -> None:
    row = load(kwh=2, missing=5)
    row[-3:] = 1e6
    verdict = judge(row, quarantined=3).iloc[0]
    assert verdict["coverage"] == 12 / 20
    assert verdict["mean_kwh"] == 2


def test_a_meter_that_began_later_or_ended_earlier_lacks_nothing() -> None:
    began, ended, gap = load(), load(), load()
    began[:15], ended[5:] = np.nan, np.nan
    gap[:10], gap[12:15] = np.nan, np.nan
    verdicts = judge(began, ended, gap)
    assert verdicts["coverage"].tolist() == [1, 1, 0.7]
    assert verdicts["accepted"].tolist() == [True, True, False]


@pytest.mark.parametrize(("days", "reasons"), [(27, "fewer than 28 usable days"), (28, "")])
def test_a_meter_needs_some_days(days: int, reasons: str) -> None:
    assert judge(load(), days=days)["reasons"].tolist() == [reasons]


def test_a_meter_is_judged_by_itself() -> None:
    verdicts = judge(load(kwh=0), load(), load(missing=10))
    assert verdicts["meter_id"].tolist() == ["m0", "m1", "m2"]
    assert verdicts["accepted"].tolist() == [False, True, False]


def test_the_thresholds_are_those_of_the_configuration() -> None:
    lenient = QualityConfig(min_coverage=0, min_mean_kwh=0, min_days=0)
    assert judge(load(kwh=0, missing=18), days=0, config=lenient)["accepted"].all()
    strict = QualityConfig(min_coverage=1, min_mean_kwh=0)
    assert judge(load(missing=1), config=strict)["reasons"].tolist() == ["coverage below 1"]


values = st.one_of(st.floats(-10, 10, width=32), st.just(float("nan")))


@given(arrays(np.float32, st.tuples(st.integers(1, 5), st.integers(1, 12)), elements=values))
def test_a_meter_is_accepted_if_and_only_if_nothing_is_lacking(kwh: np.ndarray) -> None:
    verdicts = judge(*kwh)
    for row, verdict in zip(kwh, verdicts.itertuples(), strict=True):
        there = row[~np.isnan(row)].astype(float)
        span = np.trim_zeros(~np.isnan(row)).size
        assert verdict.accepted == (len(there) > 0 and len(there) / span >= 0.9 and there.mean() >= 0.01)
        assert bool(verdict.reasons) != verdict.accepted


def test_a_meter_that_began_lately_and_lacks_nothing_but_days_is_new() -> None:
    day = 24
    config = QualityConfig(min_days=2, min_mean_kwh=0.01)
    old = np.full(5 * day, 0.5)
    left, late, silent = old.copy(), old.copy(), np.full(5 * day, np.nan)
    left[day:] = late[: 3 * day + 1] = np.nan
    early = np.where(np.arange(5 * day) < 3 * day - 1, np.nan, 0.5)
    punched = late.copy()
    punched[-40:-10] = np.nan
    verdicts = judge(old, left, late, early, punched, 0 * late, silent, days=1, config=config)
    assert verdicts["is_new"].tolist() == [False, False, True, False, False, False, False]
    assert not verdicts["accepted"].any()
    assert not judge(late, days=2, config=config)["is_new"].any()  # it is accepted
