"""A trace tells which readings a forecast saw, and why it did not see the others."""

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from metrify.cli.main import app as metrify
from metrify.errors import DatasetError, UsageError
from metrify.privacy.pseudonyms import PSEUDONYM_KEY_FILE, load_or_create_key, pseudonyms_of
from metrify.readings.quality.releases import write_releases
from metrify.steps.backfill_features import backfill_features
from metrify.steps.trace_readings import trace_readings

from .utility import DAYS, HOUR, MISSING_HOUR, START, Utility, config, late, readings, turned_bad


def test_a_forecast_is_traced_to_the_readings_that_it_saw(utility: Utility) -> None:
    utility.arrive(late(utility))
    origin = START + (MISSING_HOUR + 3) * pd.Timedelta(hours=1)
    then, now = (trace_readings("ours", "n0", origin, 6, version, utility.home) for version in (1, None))
    expected = readings(range(1), range(MISSING_HOUR - 3, MISSING_HOUR + 3))["kwh"].to_numpy(np.float32)
    np.testing.assert_array_equal(now["kwh"], expected)
    assert now["arrived"].tolist() == [1, 1, 1, 2, 1, 1]
    np.testing.assert_array_equal(then["kwh"], np.where(np.arange(6) == 3, np.nan, expected).astype(np.float32))
    np.testing.assert_array_equal(then["kwh_now"], expected)
    assert then["state"].tolist() == ["used"] * 3 + ["missing"] + ["used"] * 2
    assert set(now["state"]) == {"used"}


def test_a_trace_tells_what_was_kept_out(utility: Utility) -> None:
    utility.arrive(turned_bad(utility))
    backfill_features(utility.home)
    traced = trace_readings("ours", "n1", START + 702 * HOUR, 3, None, utility.home)
    assert traced["state"].tolist() == ["used", "quarantined: negative", "used"]
    assert (traced["kwh"] < 0).tolist() == [False, True, False]


def test_a_trace_tells_what_was_imputed(utility: Utility) -> None:
    utility.fill(utility.home, config(imputation="same_hour"))
    origin = START + (MISSING_HOUR + 2) * HOUR
    now = trace_readings("ours", "n0", origin, 3, None, utility.home)
    assert now["state"].tolist() == ["used", "imputed", "used"]
    assert now["kwh"].isna().tolist() == [False, True, False]


def test_a_trace_tells_of_a_meter_that_is_not_accepted(utility: Utility) -> None:
    broken = utility.arrived[0][utility.arrived[0]["meter_id"] == "n0"]
    utility.arrive(broken[600:].assign(kwh=-1.0))
    judged = trace_readings("ours", "n0", START + 600 * HOUR, 2, None, utility.home)  # the store holds the one before
    assert set(judged["state"]) == {"not accepted: coverage below 0.9; fewer than 28 usable days"}
    before = trace_readings("ours", "n0", START + 600 * HOUR, 2, 1, utility.home)
    assert set(before["state"]) == {"used"}
    backfill_features(utility.home)
    traced = trace_readings("ours", "n0", START + (MISSING_HOUR + 2) * HOUR, 3, None, utility.home)
    assert traced["state"].tolist() == ["not accepted", "missing", "not accepted"]


def test_a_trace_tells_of_readings_that_only_the_other_meters_make_outlying(utility: Utility) -> None:
    early = START - pd.Timedelta(days=1000)
    day = readings(range(1, 2), range(24))  # of 1224 readings of the meter, but of 7223 of the dataset
    utility.arrive(day.assign(timestamp=pd.date_range(early, periods=24, freq="h").strftime("%Y-%m-%dT%H:%MZ")))
    backfill_features(utility.home)
    traced = trace_readings("ours", "n1", early + HOUR, 2, None, utility.home)
    assert traced["state"].tolist() == ["missing", "quarantined: outlying"]
    assert set(trace_readings("ours", "n1", START + 3 * HOUR, 3, None, utility.home)["state"]) == {"used"}


def test_a_trace_tells_what_the_store_still_keeps_out(utility: Utility) -> None:
    utility.arrive(turned_bad(utility))
    backfill_features(utility.home)
    (pseudonym,) = pseudonyms_of(["n1"], load_or_create_key(utility.home.keys / PSEUDONYM_KEY_FILE)).values()
    row = {"first": START, "last": START + 999 * HOUR, "reason": "", "released_at": START, "because": "it feeds in"}
    write_releases(utility.home.datasets / "ours", pd.DataFrame([{"meter_id": pseudonym, **row}]))
    traced = trace_readings("ours", "n1", START + 701 * HOUR, 1, None, utility.home)
    assert traced["state"].tolist() == ["quarantined: negative"]


def test_a_store_of_a_dataset_that_was_replaced_tells_nothing(utility: Utility) -> None:
    frame = utility.arrived[0]
    utility.fill(utility.home, config(imputation="same_hour"))
    utility.arrive(frame.assign(kwh=frame["kwh"] * 2), replace=True)
    traced = trace_readings("ours", "n0", START + (MISSING_HOUR + 2) * HOUR, 3, None, utility.home)
    assert traced["state"].tolist() == ["used", "missing", "used"]


ORIGIN = START + 100 * HOUR


@pytest.mark.parametrize(
    ("origin", "intervals", "problem"),
    [
        (ORIGIN + pd.Timedelta(minutes=7), 6, "between intervals of 60 minutes"),
        (START, 6, "None of the 6 intervals"),
        (START + (DAYS * 24 + 6) * HOUR, 6, "None of the 6 intervals"),
        (pd.Timestamp("0001-01-01", tz="UTC"), 6, "None of the 6 intervals"),
        (pd.Timestamp("9999-12-31", tz="UTC"), 6, "None of the 6 intervals"),
        (ORIGIN, 10**12, "can't be traced"),
        (ORIGIN, 0, "can't be traced"),
    ],
)
def test_what_can_not_be_traced_is_told(utility: Utility, origin: pd.Timestamp, intervals: int, problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        trace_readings("ours", "n0", origin, intervals, None, utility.home)


def test_there_is_no_data_version_before_the_first(utility: Utility) -> None:
    with pytest.raises(DatasetError, match="no data version 0"):
        trace_readings("ours", "n0", ORIGIN, 6, 0, utility.home)


def test_the_last_interval_alone_can_be_traced(utility: Utility) -> None:
    rows = trace_readings("ours", "n0", START + (DAYS * 24 + 5) * HOUR, 6, None, utility.home)
    assert rows["kwh"].notna().tolist() == [True] + [False] * 5


@pytest.mark.parametrize(
    "arguments",
    [
        ["--origin", "2024-03-05T00:00Z", "--data-version", "0"],
        ["--origin", "2024-03-05T00:07Z"],
        ["--origin", "9999-12-31T23:00-14:00"],
        ["--origin", "99999-01-01T00:00Z"],
        ["--origin", "2024-03-05T00:00Z", "--intervals", "99999999999"],
    ],
)
def test_wrong_usage_of_the_trace_ends_with_2(utility: Utility, arguments: list[str]) -> None:
    done = CliRunner().invoke(metrify, ["data", "trace", "ours", "--meter", "n0", *arguments])
    assert (done.exception.exit_code if isinstance(done.exception, UsageError) else done.exit_code) == 2
