"""The training set on disk: rows of window and target, by side of the split, read only as far as asked for."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from metrify.config import MetrifyConfig
from metrify.features.batch import FeatureBatch, FeatureContext
from metrify.features.meter_code import METER_CODE
from metrify.features.model_features import model_features
from metrify.features.specification import Feature, compute_features
from metrify.features.static_code import STATIC_PREFIX, StaticCode
from metrify.features.text_code import code_texts
from metrify.readings.known import KnownWeather
from metrify.steps.training_weather import create_weather_arrays, put_rows, read_weather_arrays

if TYPE_CHECKING:
    from metrify.forecasting.training.rows import TrainingRows

_ROWS_FILE, _WINDOWS_FILE, _TARGETS_FILE = "rows.parquet", "windows.npy", "targets.npy"
_INFO_FILE = "info.json"


@dataclass(frozen=True)
class TrainingSet:
    """Rows of all sides. Windows, targets and weather stay on disk until they are indexed.

    Attributes:
        meter_ids: `[N]`.
        origins: `[N]` datetime64[s] UTC.
        sides: `[N]`: train, validation or test.
        windows: `[N, L]` float32 kWh.
        targets: `[N, H]` float32 kWh, measured.
        imputed_shares: `[N]` float32, the share of imputed readings in each window.
        context: What the rows share.
        dataset_name: Where they come from.
        dataset_fingerprint: SHA-256 of the dataset.
        non_negative: Whether no load of the meters is negative.
        weather: Of each row's station, as it was known at its origin; None where the configuration asks for none.
        static: What the meters' table says of each row's meter, `[N]` str by the columns that the configuration names;
            empty where it says nothing.
    """

    meter_ids: np.ndarray
    origins: np.ndarray
    sides: np.ndarray
    windows: np.ndarray
    targets: np.ndarray
    imputed_shares: np.ndarray
    context: FeatureContext
    dataset_name: str
    dataset_fingerprint: str
    non_negative: bool
    weather: KnownWeather | None = None
    static: Mapping[str, np.ndarray] = field(default_factory=dict)

    @property
    def weather_columns(self) -> tuple[str, ...]:
        """Names of the weather's quantities; none without weather."""
        return self.weather.columns if self.weather else ()

    def features(self, config: MetrifyConfig) -> tuple[Feature, ...]:
        """What a configuration's model reads of the rows.

        Raises:
            ConfigError: It reads the weather or a static column, and the rows lack it.
        """
        return model_features(config.feature_engineering, self.weather_columns, self.static)

    def rows(self, side: str) -> np.ndarray:
        """Which rows lie on a side, `[n]`."""
        return np.flatnonzero(self.sides == side)

    def batch(self, rows: np.ndarray) -> FeatureBatch:
        """What the features of some rows are computed from."""
        windows = self.windows[rows, -self.context.sequence_length :]
        weather = self.weather.take(rows) if self.weather else None
        static = {column: values[rows] for column, values in self.static.items()}
        meters = self.meter_ids[rows]
        return FeatureBatch(windows, self.origins[rows], self.context, weather, meter_ids=meters, static=static)

    def side(self, name: str, features: tuple[Feature, ...]) -> "SideRows":
        """The rows of a side as what a network is fitted to."""
        return SideRows(self, self.rows(name), features)


class SideRows:
    """Rows of one side, whose features are computed when they are taken.

    Args:
        training_set: Where they lie.
        rows: `[n]` their numbers there.
        features: What is computed of them.
    """

    def __init__(self, training_set: TrainingSet, rows: np.ndarray, features: tuple[Feature, ...]) -> None:
        self._training_set, self._rows, self._features = training_set, rows, features

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def non_negative(self) -> bool:
        """Whether no load of any row is negative."""
        return self._training_set.non_negative

    @property
    def known_codes(self) -> dict[str, np.ndarray]:
        """`[K]` different codes of meters and their classes, rising, by those of the features that are codes."""
        data, codes = self._training_set, {}
        for feature in self._features:
            if feature.name == METER_CODE:
                codes[feature.name] = _codes_in(data.meter_ids[self._rows])
            elif isinstance(feature.function, StaticCode):
                codes[feature.name] = _codes_in(data.static[feature.function.column][self._rows])
        return codes

    def take(self, rows: np.ndarray) -> "TrainingRows":
        """Some of the rows, by their number on this side."""
        from metrify.forecasting.training.rows import TrainingRows

        wanted = self._rows[rows]
        features = compute_features(self._features, self._training_set.batch(wanted))
        return TrainingRows(features, self._training_set.targets[wanted])


def _codes_in(texts: np.ndarray) -> np.ndarray:
    distinct = np.unique(texts.astype(str))
    return np.unique(code_texts(distinct[distinct != ""]))


@dataclass(frozen=True)
class ArraysOnDisk:
    """Windows and targets that are being written, a few rows at a time.

    Attributes:
        windows: `[N, L]` float32.
        targets: `[N, H]` float32.
    """

    windows: np.ndarray
    targets: np.ndarray


def create_arrays(folder: Path, rows: int, lookback: int, horizon: int) -> ArraysOnDisk:
    """Makes the files of windows and targets in a training set folder."""
    folder.mkdir(parents=True, exist_ok=True)
    arrays = (
        np.lib.format.open_memmap(folder / name, mode="w+", dtype=np.float32, shape=(rows, length))
        for name, length in ((_WINDOWS_FILE, lookback), (_TARGETS_FILE, horizon))
    )
    return ArraysOnDisk(*arrays)


def write_training_set(training_set: TrainingSet, folder: Path) -> None:
    """Writes a training set folder. Windows, targets and weather that lie in it already are not written again."""
    if not isinstance(training_set.windows, np.memmap):
        arrays = create_arrays(
            folder, len(training_set.origins), training_set.windows.shape[1], training_set.targets.shape[1]
        )
        arrays.windows[:], arrays.targets[:] = training_set.windows, training_set.targets
    weather = training_set.weather
    if weather is not None and not isinstance(weather.observed, np.memmap):
        rows = len(training_set.origins)
        put_rows(create_weather_arrays(folder, rows, training_set.context, weather.columns), slice(rows), weather)
    frame = pd.DataFrame(
        {
            "meter_id": training_set.meter_ids.astype(str),
            "origin": training_set.origins.astype("datetime64[s]"),
            "side": training_set.sides.astype(str),
            "imputed_share": training_set.imputed_shares.astype(np.float32),
            **{f"{STATIC_PREFIX}{column}": values.astype(str) for column, values in training_set.static.items()},
        }
    )
    frame.to_parquet(folder / _ROWS_FILE, index=False, compression="zstd")
    info = {
        "context": asdict(training_set.context),
        "dataset_name": training_set.dataset_name,
        "dataset_fingerprint": training_set.dataset_fingerprint,
        "non_negative": training_set.non_negative,
        "weather_columns": training_set.weather_columns,
        "static_columns": list(training_set.static),
    }
    (folder / _INFO_FILE).write_text(json.dumps(info, indent=2), encoding="utf-8")


def read_training_set(folder: Path) -> TrainingSet:
    """Opens a training set folder."""
    frame = pd.read_parquet(folder / _ROWS_FILE)
    info = json.loads((folder / _INFO_FILE).read_text(encoding="utf-8"))
    return TrainingSet(
        frame["meter_id"].to_numpy(object),
        frame["origin"].to_numpy("datetime64[s]"),
        frame["side"].to_numpy(object),
        np.load(folder / _WINDOWS_FILE, mmap_mode="r"),
        np.load(folder / _TARGETS_FILE, mmap_mode="r"),
        frame["imputed_share"].to_numpy(np.float32),
        FeatureContext(**info["context"]),
        info["dataset_name"],
        info["dataset_fingerprint"],
        info["non_negative"],
        read_weather_arrays(folder, tuple(info["weather_columns"])),
        {column: frame[f"{STATIC_PREFIX}{column}"].to_numpy(object) for column in info["static_columns"]},
    )
