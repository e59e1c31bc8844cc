from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from metrify.config.schema import FAULT_NAMES, QualityConfig
from metrify.errors import DatasetError, ReadingsError
from metrify.readings.dataset import Dataset, DatasetInfo
from metrify.readings.quality.judge import examine_readings, judge_readings
from metrify.readings.quality.releases import read_releases
from metrify.readings.quality.tables import (
    DAYS_FILE,
    METERS_FILE,
    QUARANTINE_FILE,
    QualityVerdicts,
    read_verdict_table,
    write_verdicts,
)

CONFIG = QualityConfig()
START, HOUR = pd.Timestamp("2024-01-01", tz="UTC"), pd.Timedelta(hours=1)
HOURS = 30 * 24
NOW = START + HOURS * HOUR
LOAD = np.resize([0.2, 0.3, 0.25, 0.4, 0.6, 0.5, 0.55, 0.3], HOURS)


def dataset_of(zeros_are_missing: bool = False, **rows: np.ndarray) -> Dataset:
    """Readings by meter; the meter `silent` is listed and has none."""
    stamps = pd.date_range(START, periods=HOURS, freq="h", unit="us")
    frames = [pd.DataFrame({"meter_id": meter, "timestamp": stamps, "kwh": kwh}) for meter, kwh in rows.items()]
    readings = pd.concat(frames, ignore_index=True).dropna().astype({"kwh": "float32"})
    meters = pd.DataFrame({"meter_id": [*rows, "silent"], "group": [*rows, "silent"], "district": "x"})
    info = DatasetInfo("ours", 60, "Europe/London", "GB", "-", "-", zeros_are_missing)
    return Dataset(info, readings.reset_index(drop=True), meters)


def judge(dataset: Dataset, now: pd.Timestamp = NOW, config: QualityConfig = CONFIG, releases=None) -> QualityVerdicts:
    examined = examine_readings(dataset, now, config)
    return judge_readings(examined, read_releases(Path("absent")) if releases is None else releases, config)


def load(**changes: float) -> np.ndarray:
    """An ordinary load with other readings at some hours, named h5, h6, ..."""
    kwh = LOAD.copy()
    for hour, value in changes.items():
        kwh[int(hour[1:])] = value
    return kwh


def test_a_sound_dataset_is_good_throughout() -> None:
    verdicts = judge(dataset_of(a=load()))
    assert verdicts.quarantine.empty
    assert set(verdicts.days.loc[verdicts.days["meter_id"] == "a", "verdict"]) == {"good"}
    assert verdicts.meters.set_index("meter_id")["accepted"].to_dict() == {"a": True, "silent": False}


def test_every_quarantined_reading_is_listed_with_its_value_and_reasons() -> None:
    verdicts = judge(dataset_of(a=load(h30=-0.5), b=load(h50=9.0)))
    rows = verdicts.quarantine.to_dict("records")
    assert [(row["meter_id"], row["timestamp"], round(row["kwh"], 3), row["reason"]) for row in rows] == [
        ("a", START + 30 * HOUR, -0.5, "negative"),
        ("b", START + 50 * HOUR, 9.0, "spike+jump"),
    ]
    days = verdicts.days.set_index(["meter_id", "day"])
    assert days.loc[("a", pd.Timestamp("2024-01-02")), "reasons"] == "gap; negative"
    assert days.loc[("b", pd.Timestamp("2024-01-03")), "quarantined"] == 1


def test_which_faults_keep_a_reading_out_is_configuration() -> None:
    lenient = QualityConfig(quarantined_faults=("spike+jump",))
    verdicts = judge(dataset_of(a=load(h30=-0.5)), config=lenient)
    assert verdicts.quarantine.empty
    assert verdicts.days["negative"].sum() == 1
    assert verdicts.days.loc[verdicts.days["negative"] > 0, "verdict"].tolist() == ["suspect"]


def test_zeros_are_missing_where_the_dataset_says_so() -> None:
    zeros = load(**{f"h{hour}": 0 for hour in range(60, 70)})
    assert judge(dataset_of(a=zeros)).quarantine.empty
    kept_out = judge(dataset_of(a=zeros, zeros_are_missing=True)).quarantine
    assert kept_out["reason"].tolist() == ["missing_zero"] * 10


def test_a_stamp_far_ahead_is_kept_out_and_makes_no_long_axis() -> None:
    dataset = dataset_of(a=load())
    far = dataset.readings.iloc[[0]].assign(timestamp=pd.Timestamp("2199-01-01", tz="UTC").as_unit("us"))
    readings = pd.concat([dataset.readings, far], ignore_index=True)
    verdicts = judge(Dataset(dataset.info, readings, dataset.meters))
    assert verdicts.quarantine["reason"].tolist() == ["future"]
    assert verdicts.days["day"].max() == pd.Timestamp("2024-01-30")
    assert verdicts.meters["coverage"].tolist() == [1, 0]


def test_a_stamp_of_a_reset_clock_is_kept_out_and_makes_no_long_axis() -> None:
    dataset = dataset_of(a=load(), b=load())
    reset = dataset.readings.iloc[[0]].assign(timestamp=pd.Timestamp("1970-01-01", tz="UTC").as_unit("us"))
    readings = pd.concat([dataset.readings, reset], ignore_index=True)
    verdicts = judge(Dataset(dataset.info, readings, dataset.meters), releases=release())
    assert verdicts.quarantine[["meter_id", "reason", "released"]].to_numpy().tolist() == [["a", "outlying", False]]
    assert verdicts.days["day"].min() == pd.Timestamp("2024-01-01")
    assert verdicts.meters["accepted"].tolist() == [True, True, False]


def test_a_meter_of_few_days_is_rejected_and_a_later_one_is_not() -> None:
    begins_later, two_days = load(), load()
    begins_later[:24], two_days[: 28 * 24] = np.nan, np.nan
    reasons = judge(dataset_of(a=begins_later, b=two_days)).meters["reasons"].tolist()
    assert reasons[:2] == ["", "fewer than 28 usable days"]


def test_what_is_of_the_future_depends_on_when_it_is_judged() -> None:
    verdicts = judge(dataset_of(a=load()), now=NOW - 5 * HOUR)
    assert verdicts.quarantine["reason"].tolist() == ["future"] * 5
    with pytest.raises(ReadingsError, match="no readings"):
        judge(dataset_of(a=load()), now=START)


def release(reason: str = "") -> pd.DataFrame:
    row = {"meter_id": "a", "first": START, "last": NOW, "reason": reason, "released_at": NOW, "because": "seen"}
    return pd.DataFrame([row])


@pytest.mark.parametrize("reason", ["", "negative"])
def test_a_released_reading_counts_again_and_stays_listed(reason: str) -> None:
    verdicts = judge(dataset_of(a=load(h30=-0.5)), releases=release(reason))
    assert verdicts.quarantine["released"].tolist() == [True]
    of_a = verdicts.days[verdicts.days["meter_id"] == "a"]
    assert set(of_a["verdict"]) == {"good"}
    assert verdicts.meters.set_index("meter_id").at["a", "coverage"] == 1


def test_a_release_of_another_reason_lets_nothing_through() -> None:
    verdicts = judge(dataset_of(a=load(h30=-0.5)), releases=release("spike"))
    assert verdicts.quarantine["released"].tolist() == [False]


def test_the_future_is_not_released() -> None:
    verdicts = judge(dataset_of(a=load()), now=NOW - 5 * HOUR, releases=release())
    assert not verdicts.quarantine["released"].any()


def test_verdicts_are_read_as_they_were_written(tmp_path: Path) -> None:
    verdicts = judge(dataset_of(a=load(h30=-0.5), b=load(h50=9.0)))
    write_verdicts(verdicts, tmp_path / "verdicts")
    for name in (METERS_FILE, DAYS_FILE, QUARANTINE_FILE):
        written = getattr(verdicts, name.removesuffix(".parquet"))
        pd.testing.assert_frame_equal(read_verdict_table(tmp_path / "verdicts", name), written)
    assert set(FAULT_NAMES) < set(verdicts.days)


def test_a_table_that_breaks_its_schema_is_refused(tmp_path: Path) -> None:
    verdicts = judge(dataset_of(a=load()))
    write_verdicts(verdicts, tmp_path)
    verdicts.meters.assign(coverage=1.5).to_parquet(tmp_path / METERS_FILE)
    with pytest.raises(DatasetError, match=r"meters.parquet can't be read.*coverage"):
        read_verdict_table(tmp_path, METERS_FILE)
    with pytest.raises(DatasetError, match="can't be read"):
        read_verdict_table(tmp_path / "absent", METERS_FILE)
