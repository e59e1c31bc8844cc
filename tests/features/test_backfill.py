"""After a backfill the store is what filling it anew would have made of it, and little was computed."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from metrify.adapters.feature_store import OnlineWindowReader
from metrify.config import Home, MetrifyConfig, default_config
from metrify.errors import FeatureStoreError
from metrify.features.windows import cut_windows
from metrify.privacy.pseudonyms import PSEUDONYM_KEY_FILE, load_or_create_key, pseudonymise
from metrify.readings.sources.table_source import TableSource
from metrify.steps.accepted_readings import load_accepted_readings
from metrify.steps.backfill_features import TOUCHED_FILE, backfill_features
from metrify.steps.import_dataset import import_dataset
from metrify.steps.ingest_readings import ingest_readings
from metrify.steps.materialise_features import materialise_features
from metrify.steps.trace_readings import trace_readings
from metrify.steps.validate_readings import validate_readings

START, DAYS, METERS, WINDOW = pd.Timestamp("2024-03-01", tz="UTC"), 50, 6, 48
MISSING_HOUR = 20 * 24 + 5


def config(lookback: int = WINDOW) -> MetrifyConfig:
    values = default_config().model_dump()
    values["feature_engineering"]["lookback_window"] = lookback
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

    def arrive(self, frame: pd.DataFrame) -> None:
        path = self.folder / f"{len(self.arrived)}.csv"
        frame.to_csv(path, index=False)
        import_dataset(TableSource(path, "ours", timezone="Europe/Berlin"), append=bool(self.arrived), home=self.home)
        self.arrived.append(frame)

    def fill(self, home: Home) -> None:
        """Fills the store of a home anew with the dataset as it is."""
        dataset, verdicts = (self.folder / f"{home.root.name}-{name}" for name in ("dataset", "verdicts"))
        ingest_readings("ours", dataset, self.home)
        validate_readings(dataset, verdicts, config(), home)
        materialise_features(dataset, verdicts, self.folder / "until", config(), home)

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


@pytest.mark.parametrize("change", [late, corrected, turned_bad, further_days, another_meter])
def test_a_backfill_leaves_what_filling_anew_would(utility: Utility, change: Callable, tmp_path: Path) -> None:
    utility.arrive(change(utility))
    done = backfill_features(config(), utility.home)
    anew = Home(tmp_path / "anew")
    utility.fill(anew)
    filled = utility.windows(anew)
    pd.testing.assert_frame_equal(utility.windows(utility.home), filled)
    assert (done.data_version_before, done.data_version) == (1, 2)
    assert 0 < done.windows <= len(filled) / 3
    assert done.kept_windows + done.windows == len(filled)


def test_a_correction_touches_its_own_windows_forecasts_and_outcomes(utility: Utility) -> None:
    hour = 30 * 24 + 12  # 12:00 UTC of 31 March, a day after the clocks changed
    utility.arrive(readings(range(1), range(hour, hour + 1), level=3))
    done = backfill_features(config(), utility.home)
    midnights = [
        pd.Timestamp(day, tz="Europe/Berlin").tz_convert("UTC") for day in ("2024-03-31", "2024-04-01", "2024-04-02")
    ]
    assert (done.changed_readings, done.changed_meters, done.windows) == (1, 1, 2)
    touched = done.touched.set_index("kind")
    assert touched.loc["forecast", ["first_origin", "last_origin"]].tolist() == midnights[1:]
    assert touched.loc["outcome", ["first_origin", "last_origin"]].tolist() == midnights[:1] * 2
    assert len(pd.read_parquet(utility.home.feature_store / TOUCHED_FILE)) == 2
    again = backfill_features(config(), utility.home)
    assert (again.windows, again.online_windows, again.changed_readings) == (0, 0, 0)


def test_a_corrected_window_that_is_served_is_pushed(utility: Utility) -> None:
    last = (DAYS - 21) * 24 - 4  # within the newest window that is online
    utility.arrive(readings(range(3), range(last, last + 1), level=5))
    done = backfill_features(config(), utility.home)
    key = load_or_create_key(utility.home.keys / PSEUDONYM_KEY_FILE)
    meters = [pseudonymise(f"n{meter}", key) for meter in range(METERS)]
    windows, ends = OnlineWindowReader(utility.home).read(meters)
    assert done.online_windows == 3
    assert len(set(ends)) == 1
    verdicts, dataset = utility.folder / "verdicts", utility.folder / "dataset"
    ingest_readings("ours", dataset, utility.home)
    validate_readings(dataset, verdicts, config(), utility.home)
    _, _, matrix = load_accepted_readings(dataset, verdicts)
    expected = cut_windows(matrix, pd.DatetimeIndex(ends[:1], tz="UTC"), WINDOW)[:, 0]
    order = [matrix.meter_ids.tolist().index(meter) for meter in meters]
    np.testing.assert_array_equal(windows, expected[order])


def test_further_days_move_the_served_windows_on(utility: Utility) -> None:
    utility.arrive(readings(range(METERS), range(DAYS * 24, (DAYS + 1) * 24)))
    done = backfill_features(config(), utility.home)
    key = load_or_create_key(utility.home.keys / PSEUDONYM_KEY_FILE)
    _, ends = OnlineWindowReader(utility.home).read([pseudonymise("n0", key)])
    assert done.online_windows == METERS
    assert ends[0] == np.datetime64("2024-04-20T22:00:00")  # the local midnight before the last two hours


def test_windows_of_another_length_are_refused(utility: Utility) -> None:
    with pytest.raises(FeatureStoreError, match=r"48 intervals.*asks for 72"):
        backfill_features(config(72), utility.home)
    with pytest.raises(FeatureStoreError, match="no windows"):
        backfill_features(config(), Home(utility.folder / "empty"))


def test_a_forecast_is_traced_to_the_readings_that_it_saw(utility: Utility) -> None:
    utility.arrive(late(utility))
    origin = START + (MISSING_HOUR + 3) * pd.Timedelta(hours=1)
    then, now = (trace_readings("ours", "n0", origin, 6, version, utility.home) for version in (1, None))
    expected = readings(range(1), range(MISSING_HOUR - 3, MISSING_HOUR + 3))["kwh"].to_numpy(np.float32)
    np.testing.assert_array_equal(now["kwh"], expected)
    assert now["arrived"].tolist() == [1, 1, 1, 2, 1, 1]
    np.testing.assert_array_equal(then["kwh"], np.where(np.arange(6) == 3, np.nan, expected).astype(np.float32))
    np.testing.assert_array_equal(then["kwh_now"], expected)
