import numpy as np
import pandas as pd
import pytest

from metrify.errors import ReadingsError
from metrify.readings.schema import READINGS_COLUMNS, check_readings


def refusal(readings: pd.DataFrame) -> str:
    with pytest.raises(ReadingsError) as raised:
        check_readings(readings)
    assert raised.value.mend
    return raised.value.problem


def test_readings_that_keep_the_contract_come_back_as_they_are(readings: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(check_readings(readings), readings)


def test_other_columns_are_left_out(readings: pd.DataFrame) -> None:
    checked = check_readings(readings.assign(tariff="std")[["tariff", "kwh", "timestamp", "meter_id"]])
    assert tuple(checked.columns) == READINGS_COLUMNS


@pytest.mark.parametrize("column", READINGS_COLUMNS)
def test_a_missing_column_is_named_and_so_are_those_that_are_there(readings: pd.DataFrame, column: str) -> None:
    problem = refusal(readings.rename(columns={column: "MPAN"}))
    assert f"lack the column(s) {column};" in problem
    assert "MPAN" in problem


def test_all_missing_columns_are_named_and_the_mend_shows_how(readings: pd.DataFrame) -> None:
    with pytest.raises(ReadingsError, match=r"meter_id, kwh; they have timestamp\.") as raised:
        check_readings(readings[["timestamp"]])
    assert "--column meter_id=MPAN" in raised.value.mend


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("kwh", lambda values: values.astype(np.float64)),
        ("kwh", lambda values: values.astype(str)),
        ("timestamp", lambda values: values.dt.tz_localize(None)),
        ("timestamp", lambda values: values.dt.tz_convert("Europe/Berlin")),
        ("timestamp", lambda values: values.astype(str)),
        ("meter_id", lambda values: pd.Series(range(len(values)))),
    ],
)
def test_a_wrong_type_is_refused_by_column(readings: pd.DataFrame, column: str, values) -> None:
    problem = refusal(readings.assign(**{column: values(readings[column])}))
    assert f" {column}: dtype(" in problem
    assert all(f" {other}: " not in problem for other in READINGS_COLUMNS if other != column)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 2e6])
def test_a_value_that_no_meter_reads_is_refused(readings: pd.DataFrame, value: float) -> None:
    readings.loc[3, "kwh"] = np.float32(value)
    assert " kwh: " in refusal(readings)


def test_a_missing_time_is_refused(readings: pd.DataFrame) -> None:
    readings.loc[3, "timestamp"] = pd.NaT
    assert " timestamp: not_nullable" in refusal(readings)


def test_two_readings_of_one_meter_at_one_time_are_refused(readings: pd.DataFrame) -> None:
    problem = refusal(pd.concat([readings, readings.iloc[[2]]], ignore_index=True))
    assert "meter_id" in problem
    assert "unique" in problem


def test_all_faults_are_named_at_once(readings: pd.DataFrame) -> None:
    readings = readings.assign(kwh=np.float32(np.nan), timestamp=readings["timestamp"].dt.tz_localize(None))
    problem = refusal(readings)
    assert " kwh: " in problem
    assert " timestamp: " in problem
    assert "\n" not in problem
