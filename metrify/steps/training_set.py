"""The training set on disk: rows of window and target, by side of the split."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from metrify.features.batch import FeatureBatch, FeatureContext

_ROWS_FILE = "rows.parquet"
_INFO_FILE = "info.json"


@dataclass(frozen=True)
class TrainingSet:
    """Rows of all sides.

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

    def rows(self, side: str) -> np.ndarray:
        """Which rows lie on a side, `[n]`."""
        return np.flatnonzero(self.sides == side)

    def batch(self, rows: np.ndarray) -> FeatureBatch:
        """What the features of some rows are computed from."""
        return FeatureBatch(self.windows[rows, -self.context.sequence_length :], self.origins[rows], self.context)


def write_training_set(training_set: TrainingSet, folder: Path) -> None:
    """Writes a training set folder."""
    folder.mkdir(parents=True, exist_ok=True)
    table = pa.table(
        {
            "meter_id": pa.array(training_set.meter_ids, pa.string()),
            "origin": pa.array(training_set.origins.astype("datetime64[s]"), pa.timestamp("s")),
            "side": pa.array(training_set.sides, pa.string()),
            "load_window": _lists(training_set.windows),
            "target_kwh": _lists(training_set.targets),
            "imputed_share": pa.array(training_set.imputed_shares, pa.float32()),
        }
    )
    pq.write_table(table, folder / _ROWS_FILE, compression="zstd")
    info = {
        "context": asdict(training_set.context),
        "dataset_name": training_set.dataset_name,
        "dataset_fingerprint": training_set.dataset_fingerprint,
    }
    (folder / _INFO_FILE).write_text(json.dumps(info, indent=2), encoding="utf-8")


def read_training_set(folder: Path) -> TrainingSet:
    """Reads a training set folder."""
    frame: pd.DataFrame = pq.read_table(folder / _ROWS_FILE).to_pandas()
    info = json.loads((folder / _INFO_FILE).read_text(encoding="utf-8"))
    return TrainingSet(
        frame["meter_id"].to_numpy(object),
        frame["origin"].to_numpy("datetime64[s]"),
        frame["side"].to_numpy(object),
        np.stack(frame["load_window"].to_list()),
        np.stack(frame["target_kwh"].to_list()),
        frame["imputed_share"].to_numpy(np.float32),
        FeatureContext(**info["context"]),
        info["dataset_name"],
        info["dataset_fingerprint"],
    )


def _lists(values: np.ndarray) -> pa.FixedSizeListArray:
    return pa.FixedSizeListArray.from_arrays(pa.array(values.astype(np.float32).ravel()), values.shape[1])
