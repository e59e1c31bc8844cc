"""What a server needs to know of a meter beside its readings, such as its tariff: a record in the online store."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa

from metrify.adapters.feature_repository import STATIC_VIEW
from metrify.adapters.surroundings_files import replace_file
from metrify.config import Home
from metrify.features.surroundings import Surroundings
from metrify.readings.places import FEEDER_COLUMN, STATION_COLUMN
from metrify.readings.static_values import static_values

COLUMNS_FIELD, VALUES_FIELD = "static_columns", "static_values"
STATIC_FEATURES = (f"{STATIC_VIEW}:{COLUMNS_FIELD}", f"{STATIC_VIEW}:{VALUES_FIELD}")
_OF_EVERY_DATASET = frozenset({"meter_id", "group", "district", STATION_COLUMN, FEEDER_COLUMN})


def write_static_records(
    home: Home, dataset_name: str, surroundings: Surroundings, named: Sequence[str], until: pd.Timestamp
) -> dict[str, int]:
    """Replaces the file of what is known of meters; it goes where there is nothing that a model may read.

    All columns that were imported for it are written, and not only those that this configuration names: the store may
    serve a model of another one.

    Args:
        home: Where the store lies.
        dataset_name: For messages.
        surroundings: Of which the meters: `meter_id`, each once, and what is known of them.
        named: Columns that the configuration names.
        until: End of the online windows, UTC.

    Returns:
        How many rows the file of the view has; nothing without a file.

    Raises:
        DatasetError: The meters lack a column that the configuration names.
    """
    meters, table = surroundings.meters, None
    if meters is not None:
        columns = list(dict.fromkeys([*(str(name) for name in meters if name not in _OF_EVERY_DATASET), *named]))
        ids = meters["meter_id"].to_numpy(object)
        values = static_values(dataset_name, meters, columns, ids)
        table = _records(ids, values, until) if columns else None
    home.feature_store.mkdir(parents=True, exist_ok=True)
    replace_file(home.feature_store / f"{STATIC_VIEW}.parquet", table)
    return {STATIC_VIEW: len(table)} if table else {}


def read_record(columns: Sequence[str] | None, values: Sequence[str] | None) -> dict[str, str] | None:
    """What the store holds of a meter, by column; empty where it says nothing, and None of a meter it knows nothing of.

    Args:
        columns: The field of their names.
        values: The field of the values.
    """
    return None if columns is None or values is None else dict(zip(columns, values, strict=True))


def _records(meter_ids: np.ndarray, values: Mapping[str, np.ndarray], until: pd.Timestamp) -> pa.Table:
    texts = pa.list_(pa.string())
    rows = np.stack([*values.values()], axis=1).tolist()
    stamps = pd.DatetimeIndex([until] * len(rows)).as_unit("us")
    return pa.table(
        {
            "meter_id": pa.array(meter_ids, pa.string()),
            "event_timestamp": pa.array(stamps, pa.timestamp("us", "UTC")),
            COLUMNS_FIELD: pa.array([list(values)] * len(rows), texts),
            VALUES_FIELD: pa.array(rows, texts),
        }
    )
