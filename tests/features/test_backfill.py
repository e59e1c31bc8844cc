"""After a backfill the store is what filling it anew would have made of it, and little was computed."""

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from metrify.adapters.feature_store import push_windows
from metrify.adapters.materialised_readings import read_materialised
from metrify.config import Home
from metrify.errors import FeatureStoreError
from metrify.features.windows import cut_windows
from metrify.readings.sources.table_source import TableSource
from metrify.steps import read_again
from metrify.steps.accepted_readings import load_served_readings
from metrify.steps.backfill_features import backfill_features
from metrify.steps.build_training_set import build_training_set
from metrify.steps.import_dataset import import_dataset
from metrify.steps.note_touched import TOUCHED_FILE
from metrify.steps.training_set import read_training_set

from .served_windows import served_windows
from .utility import DAYS, HOUR, METERS, START, WINDOW, Utility, config, late, readings, turned_bad

SERVED_HOUR = (DAYS - 21) * 24 - 4  # within the newest window that is online


def corrected(utility: Utility) -> pd.DataFrame:
    return readings(range(2, 4), range(600, 603), level=2)


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
