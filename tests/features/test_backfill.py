"""After a backfill the store is what filling it anew would have made of it, and little was computed."""

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from metrify.adapters.feature_store import OnlineWindowReader, push_windows
from metrify.adapters.materialised_readings import read_materialised
from metrify.cli.main import app as metrify
from metrify.config import Home, MetrifyConfig, default_config
from metrify.errors import DatasetError, FeatureStoreError, UsageError
from metrify.features.windows import cut_windows
from metrify.privacy.pseudonyms import PSEUDONYM_KEY_FILE, load_or_create_key, pseudonyms_of
from metrify.readings.matrix import ReadingsMatrix
from metrify.readings.quality.releases import write_releases
from metrify.readings.sources.table_source import TableSource
from metrify.steps import read_again
from metrify.steps.accepted_readings import load_served_readings
from metrify.steps.backfill_features import backfill_features
from metrify.steps.build_training_set import build_training_set
from metrify.steps.import_dataset import import_dataset
from metrify.steps.ingest_readings import ingest_readings
from metrify.steps.materialise_features import materialise_features
from metrify.steps.note_touched import TOUCHED_FILE
from metrify.steps.trace_readings import trace_readings
from metrify.steps.training_set import read_training_set
from metrify.steps.validate_readings import validate_readings

from .served_windows import served_windows

START, DAYS, METERS, WINDOW = pd.Timestamp("2024-03-01", tz="UTC"), 50, 6, 48
MISSING_HOUR = 20 * 24 + 5
SERVED_HOUR = (DAYS - 21) * 24 - 4  # within the newest window that is online
HOUR = pd.Timedelta(hours=1)


def config(**quality: object) -> MetrifyConfig:
    values = default_config().model_dump()
    values["quality"].update(quality)
    values["feature_engineering"].update(lookback_window=WINDOW, hold_out_days=21)
    values["training"]["consumption_forecasting"].update(sequence_length=WINDOW, forecast_horizon=24)
    return MetrifyConfig.model_validate(values)


def readings(meters: range, hours: range, level: float = 1.0) -> pd.DataFrame:
    frames = []
    for meter in meters:
        kwh = np.random.default_rng(meter).gamma(4, 0.1, 2 * DAYS * 24).round(3) * level
        stamps = START + np.array(hours) * pd.Timedelta(hours=1)
        frames.append(pd.DataFrame({"meter_id": f"n{meter}", "timestamp": stamps, "kwh": kwh[list(hours)]}))
    frame = pd.concat(frames, ignore_index=True)
    return frame.assign(timestamp=frame["timestamp"].dt.strftime("%Y-%m-%dT%H:%MZ"))


@dataclass
class Utility:
    """A dataset in a home, and the folder of the files that arrived."""

    home: Home
    folder: Path
    arrived: list[pd.DataFrame] = field(default_factory=list)

    def arrive(self, frame: pd.DataFrame, replace: bool = False, **choices: object) -> None:
        path = self.folder / f"{len(self.arrived)}.csv"
        frame.to_csv(path, index=False)
        append = bool(self.arrived) and not replace
        source = TableSource(path, "ours", **{"timezone": "Europe/Berlin", **choices})
        import_dataset(source, replace, append, self.home)
        self.arrived.append(frame)

    def judge(self, home: Home, settings: MetrifyConfig) -> tuple[Path, Path]:
        """The dataset as it is, and its verdicts."""
        folder = self.folder / f"{home.root.name}-{len(self.arrived)}"
        dataset, verdicts = folder / "dataset", folder / "verdicts"
        ingest_readings("ours", dataset, self.home)
        validate_readings(dataset, verdicts, settings, home)
        return dataset, verdicts

    def fill(self, home: Home, settings: MetrifyConfig | None = None) -> None:
        """Fills the store of a home anew with the dataset as it is."""
        settings = settings or config()
        materialise_features(*self.judge(home, settings), self.folder / "until", settings, home)

    def matrix(self) -> ReadingsMatrix:
        return load_served_readings(*self.judge(self.home, config()))[2]

    def served(self) -> tuple[np.ndarray, pd.DatetimeIndex]:
        """The windows that are served and their ends, in the order of the matrix."""
        windows, ends = served_windows(self.home, self.matrix().meter_ids.tolist())
        return windows, pd.DatetimeIndex(ends, tz="UTC")

    def served_versions(self) -> list[int]:
        """Which import each window that is served is of."""
        return OnlineWindowReader(self.home).read(self.matrix().meter_ids.tolist()).data_versions.tolist()

    def windows(self, home: Home) -> pd.DataFrame:
        frame = pd.read_parquet(home.feature_store / "load_windows.parquet")
        return frame.sort_values(["meter_id", "event_timestamp"], ignore_index=True)


@pytest.fixture
def utility(metrify_home: Path, tmp_path: Path) -> Utility:
    """Six meters over fifty days, in the store; one reading of one meter is missing."""
    utility = Utility(Home(metrify_home), tmp_path)
    first = readings(range(METERS), range(DAYS * 24))
    utility.arrive(first.drop(index=MISSING_HOUR))
    utility.fill(utility.home)
    return utility


def late(utility: Utility) -> pd.DataFrame:
    return readings(range(1), range(MISSING_HOUR, MISSING_HOUR + 1))


def corrected(utility: Utility) -> pd.DataFrame:
    return readings(range(2, 4), range(600, 603), level=2)


def turned_bad(utility: Utility) -> pd.DataFrame:
    return readings(range(1, 2), range(700, 701), level=-1)


def further_days(utility: Utility) -> pd.DataFrame:
    return readings(range(METERS - 1), range(DAYS * 24, (DAYS + 2) * 24))


def another_meter(utility: Utility) -> pd.DataFrame:
    return readings(range(METERS, METERS + 1), range(DAYS * 24))


def new_meter(utility: Utility) -> pd.DataFrame:
    return readings(range(METERS, METERS + 1), range((DAYS - 24) * 24, DAYS * 24))


@pytest.mark.parametrize("change", [late, corrected, turned_bad, further_days, another_meter, new_meter])
def test_a_backfill_leaves_what_filling_anew_would(utility: Utility, change: Callable, tmp_path: Path) -> None:
    utility.arrive(change(utility))
    done = backfill_features(utility.home)
    anew = Home(tmp_path / "anew")
    utility.fill(anew)
    filled, left = utility.windows(anew), utility.windows(utility.home)
    pd.testing.assert_frame_equal(left.drop(columns="data_version"), filled.drop(columns="data_version"))
    assert (left["data_version"] == 2).sum() == done.windows
    assert (done.data_version_before, done.data_version) == (1, 2)
    assert 0 < done.windows <= len(filled) / 3
    assert done.kept_windows + done.windows == len(filled)


def test_a_new_meter_is_served_with_what_it_has_and_not_trained_on(utility: Utility, tmp_path: Path) -> None:
    before = set(utility.matrix().meter_ids)
    utility.arrive(readings(range(METERS, METERS + 1), range((DAYS - 22) * 24, DAYS * 24)))
    backfill_features(utility.home)
    (meter,) = set(utility.matrix().meter_ids) - before
    window = served_windows(utility.home, [meter])[0][0]
    assert np.isnan(window[: WINDOW // 2]).all()  # it began a day before the windows that are held out
    assert np.isfinite(window[-12:]).all()
    dataset, verdicts = utility.judge(utility.home, config())
    build_training_set(dataset, verdicts, tmp_path / "rows", config(), utility.home)
    assert meter not in read_training_set(tmp_path / "rows").meter_ids


def test_a_correction_touches_its_own_windows_forecasts_and_outcomes(utility: Utility) -> None:
    hour = 30 * 24 + 12  # 12:00 UTC of 31 March, a day after the clocks changed
    utility.arrive(readings(range(1), range(hour, hour + 1), level=3))
    done = backfill_features(utility.home)
    midnights = [
        pd.Timestamp(day, tz="Europe/Berlin").tz_convert("UTC") for day in ("2024-03-31", "2024-04-01", "2024-04-02")
    ]
    assert (done.changed_readings, done.changed_meters, done.windows) == (1, 1, 2)
    touched = done.touched.set_index("kind")
    assert touched.loc["forecast", ["first_origin", "last_origin"]].tolist() == midnights[1:]
    assert touched.loc["outcome", ["first_origin", "last_origin"]].tolist() == midnights[:1] * 2
    assert len(pd.read_parquet(utility.home.feature_store / TOUCHED_FILE)) == 2
    again = backfill_features(utility.home)
    assert (again.windows, again.online_windows, again.changed_readings) == (0, 0, 0)


def test_a_corrected_window_that_is_served_is_pushed(utility: Utility) -> None:
    utility.arrive(readings(range(3), range(SERVED_HOUR, SERVED_HOUR + 1), level=5))
    done = backfill_features(utility.home)
    windows, ends = utility.served()
    assert done.online_windows == 3
    assert len(set(ends)) == 1
    np.testing.assert_array_equal(windows, cut_windows(utility.matrix(), ends[:1], WINDOW)[:, 0])


def test_further_days_move_the_served_windows_on(utility: Utility) -> None:
    utility.arrive(readings(range(METERS), range(DAYS * 24, (DAYS + 1) * 24)))
    done = backfill_features(utility.home)
    windows, ends = utility.served()
    assert done.online_windows == METERS
    assert set(ends) == {pd.Timestamp("2024-04-20T22:00", tz="UTC")}  # the local midnight before the last two hours
    np.testing.assert_array_equal(windows, cut_windows(utility.matrix(), ends[:1], WINDOW)[:, 0])


def test_earlier_days_leave_the_served_windows_where_they_are(utility: Utility) -> None:
    _, ends = utility.served()
    utility.arrive(readings(range(METERS), range(-72, 0)))
    assert backfill_features(utility.home).online_windows == 0
    assert read_materialised(utility.home).online_until == ends[0]
    utility.arrive(readings(range(1), range(SERVED_HOUR, SERVED_HOUR + 1), level=5))
    assert backfill_features(utility.home).online_windows == 1
    windows, after = utility.served()
    assert set(after) == set(ends)
    np.testing.assert_array_equal(windows, cut_windows(utility.matrix(), ends[:1], WINDOW)[:, 0])


def test_windows_that_were_pushed_on_are_corrected_where_they_end(utility: Utility) -> None:
    matrix = utility.matrix()
    end = START + (DAYS - 5) * 24 * HOUR + 7 * HOUR
    pushed = cut_windows(matrix, pd.DatetimeIndex([end]), WINDOW)[:, 0]
    push_windows(utility.home, matrix.meter_ids, pd.DatetimeIndex([end] * METERS), pushed)
    first = (DAYS - 5) * 24 + 2
    utility.arrive(readings(range(2), range(first, first + 1), level=5))
    done = backfill_features(utility.home)
    windows, ends = utility.served()
    assert done.online_windows == METERS  # two are corrected, and the others are of the dataset now
    assert set(ends) == {end}
    np.testing.assert_array_equal(windows, cut_windows(utility.matrix(), ends[:1], WINDOW)[:, 0])
    assert (windows != pushed).sum() == 2
    assert utility.served_versions() == [2] * METERS


def test_readings_that_were_pushed_and_not_imported_stay(utility: Utility) -> None:
    matrix = utility.matrix()
    end = START + (DAYS * 24 + 3) * HOUR
    pushed = cut_windows(matrix, pd.DatetimeIndex([end]), WINDOW)[:, 0]
    pushed[:, -3:] = 0.7
    push_windows(utility.home, matrix.meter_ids, pd.DatetimeIndex([end] * METERS), pushed)
    last = DAYS * 24 - 1
    utility.arrive(readings(range(METERS), range(last, last + 1), level=5))
    assert backfill_features(utility.home).online_windows == METERS
    windows, ends = utility.served()
    assert set(ends) == {end}
    np.testing.assert_array_equal(windows[:, :-3], cut_windows(utility.matrix(), ends[:1], WINDOW)[:, 0, :-3])
    np.testing.assert_array_equal(windows[:, -3:], np.float32(0.7))
    assert utility.served_versions() == [0] * METERS


def test_a_served_window_tells_the_import_that_it_is_of(utility: Utility) -> None:
    assert utility.served_versions() == [1] * METERS
    utility.arrive(readings(range(2), range(SERVED_HOUR, SERVED_HOUR + 1), level=5))
    assert utility.served_versions() == [1] * METERS
    backfill_features(utility.home)
    assert sorted(utility.served_versions()) == [1] * (METERS - 2) + [2] * 2


def test_pushed_readings_that_an_import_contradicts_keep_no_version(utility: Utility) -> None:
    matrix = utility.matrix()
    served, ends = utility.served()
    pushed = np.where(np.arange(WINDOW) == WINDOW - 5, np.float32(0.7), served)
    push_windows(utility.home, matrix.meter_ids, ends, pushed)
    utility.arrive(another_meter(utility))
    backfill_features(utility.home)
    windows, _ = served_windows(utility.home, matrix.meter_ids.tolist())
    np.testing.assert_array_equal(windows, pushed)
    assert sorted(utility.served_versions()) == [0] * METERS + [2]


def test_a_meter_that_is_not_accepted_any_more_is_not_served(utility: Utility) -> None:
    matrix = utility.matrix()
    broken = utility.arrived[0][utility.arrived[0]["meter_id"] == "n0"].assign(kwh=-1.0)
    utility.arrive(broken)
    done = backfill_features(utility.home)
    assert (done.online_windows, done.removed_windows) == (1, utility.windows(utility.home)["window_end"].nunique())
    windows, ends = served_windows(utility.home, matrix.meter_ids.tolist())
    assert np.isnan(windows).all(axis=1).sum() == 1
    assert len(set(ends)) == 1
    known = pd.DatetimeIndex(utility.windows(utility.home)["event_timestamp"].unique()).sort_values()
    assert done.touched["kind"].tolist() == ["forecast", "outcome"]
    assert done.touched["meter_id"].nunique() == 1 and done.touched["meter_id"][0] not in utility.matrix().meter_ids
    assert (done.touched["first_origin"] == known[0]).all() and (done.touched["last_origin"] == known[-1]).all()
    noted = pd.read_parquet(utility.home.feature_store / TOUCHED_FILE)
    assert noted["meter_id"].tolist() == done.touched["meter_id"].tolist()
    utility.arrive(readings(range(1), range(DAYS * 24)))
    backfill_features(utility.home)
    windows, ends = utility.served()
    np.testing.assert_array_equal(windows, cut_windows(utility.matrix(), ends[:1], WINDOW)[:, 0])


def test_what_live_pushes_are_ahead_of_is_not_counted(utility: Utility) -> None:
    matrix = utility.matrix()
    end = START + (DAYS + 9) * 24 * HOUR
    window = np.full((1, WINDOW), 0.7, np.float32)
    push_windows(utility.home, matrix.meter_ids[:1], pd.DatetimeIndex([end]), window)
    utility.arrive(readings(range(METERS), range(DAYS * 24, (DAYS + 1) * 24)))
    assert backfill_features(utility.home).online_windows == METERS - 1
    windows, ends = utility.served()
    assert ends[0] == end
    np.testing.assert_array_equal(windows[0], window[0])


def shorter(utility: Utility) -> None:
    utility.arrive(readings(range(METERS), range(30 * 24)), replace=True)


def longer(utility: Utility) -> None:
    utility.arrive(readings(range(METERS), range((DAYS + 1) * 24)), replace=True)


def elsewhere(utility: Utility) -> None:
    utility.arrive(utility.arrived[0], replace=True, timezone="Europe/London")


def coarser(utility: Utility) -> None:
    utility.arrive(readings(range(METERS), range(1, 25 * 24, 2)), replace=True, resolution_minutes=120)


def gone(utility: Utility) -> None:
    shutil.rmtree(utility.home.datasets / "ours")


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (shorter, "was replaced"),
        (longer, "was replaced"),
        (elsewhere, "time zone Europe/London"),
        (coarser, "resolution in minutes of 120"),
        (gone, "is gone"),
    ],
)
def test_another_dataset_under_the_name_is_refused_before_anything_is_written(
    utility: Utility, change: Callable, problem: str
) -> None:
    change(utility)
    before = stored(utility.home)
    with pytest.raises(FeatureStoreError, match=problem) as caught:
        backfill_features(utility.home)
    assert "metrify train" in str(caught.value.mend)
    assert stored(utility.home) == before


def test_a_replaced_dataset_of_fewer_imports_is_refused(utility: Utility) -> None:
    utility.arrive(late(utility))
    backfill_features(utility.home)
    utility.arrive(utility.arrived[0], replace=True)
    with pytest.raises(FeatureStoreError, match="was replaced"):
        backfill_features(utility.home)


def stored(home: Home) -> dict[str, str]:
    """Digests of the store's files; its locks are empty."""
    files = (path for path in home.feature_store.rglob("*") if path.is_file())
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_where_nothing_changed_nothing_is_written(utility: Utility) -> None:
    before = stored(utility.home)
    files = [utility.home.feature_store / name for name in ("load_windows.parquet", "materialised_readings.parquet")]
    inodes = [path.stat().st_ino for path in files]
    done = backfill_features(utility.home)
    assert (done.windows, done.removed_windows, done.online_windows) == (0, 0, 0)
    assert done.kept_windows == len(utility.windows(utility.home))
    assert stored(utility.home) == before
    assert [path.stat().st_ino for path in files] == inodes


def test_the_store_is_judged_by_the_configuration_that_filled_it(utility: Utility) -> None:
    utility.arrive(turned_bad(utility))
    utility.fill(utility.home, config(quarantined_faults=["spike+jump"]))
    assert (utility.windows(utility.home)["load_window"].map(np.nanmin) < 0).any()
    done = backfill_features(utility.home)
    assert (done.changed_readings, done.windows) == (0, 0)


def test_an_import_meanwhile_is_left_to_the_next_backfill(utility: Utility, monkeypatch: pytest.MonkeyPatch) -> None:
    def while_more_arrives(dataset: Path, verdicts: Path) -> tuple:
        if len(utility.arrived) == 2:
            utility.arrive(corrected(utility))
        return load_served_readings(dataset, verdicts)

    monkeypatch.setattr(read_again, "load_served_readings", while_more_arrives)
    utility.arrive(late(utility))
    first, second = backfill_features(utility.home), backfill_features(utility.home)
    assert (first.data_version, first.changed_readings) == (2, 1)
    assert (second.data_version_before, second.data_version, second.changed_readings) == (2, 3, 6)


def test_an_empty_store_and_one_of_another_version_are_refused(utility: Utility) -> None:
    with pytest.raises(FeatureStoreError, match="no windows"):
        backfill_features(Home(utility.folder / "empty"))
    path = utility.home.feature_store / "materialised_readings.parquet"
    table = pq.read_table(path)
    assert pa.types.is_large_list(table.schema.field("kwh").type)  # others end at 2^31 readings
    note = json.loads(table.schema.metadata[b"metrify"])
    note["config"]["quality"]["of_yore"] = 1
    pq.write_table(table.replace_schema_metadata({b"metrify": json.dumps(note)}), path)
    with pytest.raises(FeatureStoreError, match="Another version of Metrify"):
        backfill_features(utility.home)


def test_a_store_without_the_mask_of_what_was_imputed_is_of_another_version(utility: Utility) -> None:
    path = utility.home.feature_store / "materialised_readings.parquet"
    pq.write_table(pq.read_table(path).drop_columns(["imputed"]), path)
    with pytest.raises(FeatureStoreError, match="Another version of Metrify") as caught:
        read_materialised(utility.home)
    assert "metrify train" in caught.value.mend


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


def test_a_run_whose_store_another_one_changed_gets_no_training_set(utility: Utility, tmp_path: Path) -> None:
    settings = config()
    dataset, verdicts = utility.judge(utility.home, settings)
    utility.arrive(readings(range(METERS), range(600, 603), level=2))  # in training time, whichever meters train
    build_training_set(dataset, verdicts, tmp_path / "set", settings, utility.home)
    backfill_features(utility.home)
    shutil.rmtree(utility.home.step_cache / "build_training_set")
    with pytest.raises(FeatureStoreError, match="changed by another run"):
        build_training_set(dataset, verdicts, tmp_path / "set", settings, utility.home)


def test_weather_that_is_added_alone_reaches_the_store(utility: Utility) -> None:
    weather = utility.folder / "weather.csv"
    stamps = pd.date_range(START, periods=DAYS * 24, freq="h").strftime("%Y-%m-%dT%H:%MZ")
    pd.DataFrame({"timestamp": stamps, "temperature_c": 7.0}).to_csv(weather, index=False)
    known = TableSource(utility.folder / "0.csv", "ours", timezone="Europe/Berlin", weather=weather)
    assert import_dataset(known, append=True, home=utility.home).is_replay
    done = backfill_features(utility.home)
    assert (done.windows, done.changed_readings) == (0, 0)
    stored = pd.read_parquet(utility.home.feature_store / "weather_observed.parquet")
    assert len(stored) == DAYS * 24 and (stored["temperature_c"] == 7).all()


def test_meters_that_are_read_at_different_times_are_served_up_to_their_own_day(utility: Utility) -> None:
    utility.arrive(readings(range(1, 2), range(DAYS * 24, (DAYS + 2) * 24)))
    backfill_features(utility.home)
    windows, ends = utility.served()
    assert sorted((ends - START) // (24 * HOUR)) == [DAYS - 1] * (METERS - 1) + [DAYS + 1]  # local midnights
    expected = cut_windows(utility.matrix(), ends, WINDOW)[np.arange(METERS), np.arange(METERS)]
    np.testing.assert_array_equal(windows, expected)
    assert np.isfinite(windows).all()


def test_a_store_that_is_filled_anew_serves_late_meters_too(utility: Utility, tmp_path: Path) -> None:
    utility.arrive(readings(range(1, 2), range(DAYS * 24, (DAYS + 2) * 24)))
    settings = config()
    features = settings.feature_engineering.model_copy(update={"hold_out_days": 0})
    utility.fill(utility.home, settings.model_copy(update={"feature_engineering": features}))
    windows, ends = utility.served()
    assert sorted((ends - START) // (24 * HOUR)) == [DAYS - 1] * (METERS - 1) + [DAYS + 1]
    assert np.isfinite(windows).all()
    assert utility.served_versions() == [2] * METERS
