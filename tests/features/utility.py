"""A utility's dataset in a home of its own, and the files that arrive."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from metrify.adapters.feature_store import OnlineWindowReader
from metrify.config import Home, MetrifyConfig, default_config
from metrify.readings.matrix import ReadingsMatrix
from metrify.readings.sources.table_source import TableSource
from metrify.steps.accepted_readings import load_served_readings
from metrify.steps.import_dataset import import_dataset
from metrify.steps.ingest_readings import ingest_readings
from metrify.steps.materialise_features import materialise_features
from metrify.steps.validate_readings import validate_readings

from .served_windows import served_windows

START, DAYS, METERS, WINDOW = pd.Timestamp("2024-03-01", tz="UTC"), 50, 6, 48
MISSING_HOUR = 20 * 24 + 5
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


def start_utility(home: Home, folder: Path) -> Utility:
    """Six meters over fifty days, in the store; one reading of one meter is missing."""
    utility = Utility(home, folder)
    first = readings(range(METERS), range(DAYS * 24))
    utility.arrive(first.drop(index=MISSING_HOUR))
    utility.fill(utility.home)
    return utility


def late(utility: Utility) -> pd.DataFrame:
    return readings(range(1), range(MISSING_HOUR, MISSING_HOUR + 1))


def turned_bad(utility: Utility) -> pd.DataFrame:
    return readings(range(1, 2), range(700, 701), level=-1)
