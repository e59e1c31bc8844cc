"""What is known of a shard's meters beside their readings, for models that read it."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from metrify.bundles.load import Bundle
from metrify.errors import BundleError
from metrify.features.model_features import static_columns_of
from metrify.readings.dataset import METERS_FILE
from metrify.readings.static_values import static_values


def open_shard_static(model: Bundle, dataset: Path, meters: pa.Array) -> dict[str, np.ndarray]:
    """What a model reads of a dataset's meters table, `[M]` str by column; empty where it says nothing.

    Args:
        model: The model's bundle.
        dataset: Dataset folder.
        meters: `[M]` the meters of the shard.

    Raises:
        BundleError: The table lacks a column that the model reads.
    """
    columns = static_columns_of(model.features)
    if not columns:
        return {}
    there = pq.read_schema(dataset / METERS_FILE).names
    absent = [column for column in columns if column not in there]
    if absent:
        raise BundleError(
            f"The dataset's meters have no {' and no '.join(absent)}, which the bundle's features read.",
            f"Import it with `metrify data import --meters FILE --meter-column {absent[0]}`, or train the model "
            "without it.",
        )
    table = pd.read_parquet(dataset / METERS_FILE, columns=["meter_id", *columns])
    return static_values(model.manifest.dataset_name, table, columns, meters.to_pylist())
