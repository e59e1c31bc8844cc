"""Forecasts of many meters as a table: a row for each interval, a column for each quantile level."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from metrify.features.degradation import Degradation

INTERVAL_COLUMN, DEGRADED_COLUMN, REASON_COLUMN = "interval", "degraded", "degraded_reason"
REFUSED_SCHEMA = pa.schema([("meter_id", pa.string()), ("origin", pa.timestamp("us", "UTC")), ("reason", pa.string())])


def quantile_column(level: float) -> str:
    """The column of a quantile level.

    Example:
        >>> quantile_column(0.05), quantile_column(0.975)
        ('kwh_p05', 'kwh_p97_5')
    """
    whole, _, rest = f"{100 * level:.10g}".partition(".")
    return f"kwh_p{whole.zfill(2)}" + (f"_{rest}" if rest else "")


def forecast_schema(levels: tuple[float, ...]) -> pa.Schema:
    """`meter_id`, `origin` (UTC), `interval` (0 begins at the origin), kWh by level, versions, and how much was known.

    `history_days` is from a window's first reading to its end, `degraded` whether a forecast was made without
    something, and `degraded_reason` without what; see `Degradation`.
    """
    return pa.schema(
        [
            ("meter_id", pa.string()),
            ("origin", pa.timestamp("us", "UTC")),
            (INTERVAL_COLUMN, pa.int16()),
            *((quantile_column(level), pa.float32()) for level in levels),
            ("model_version", pa.string()),
            ("data_version", pa.int64()),
            (DEGRADED_COLUMN, pa.bool_()),
            ("history_days", pa.float32()),
            (REASON_COLUMN, pa.string()),
        ]
    )


def forecast_writer(path: Path, schema: pa.Schema) -> pq.ParquetWriter:
    """Writes tables of `forecast_schema`. Loads hardly ever repeat, so only the other columns get dictionaries."""
    repeated = [field.name for field in schema if not pa.types.is_floating(field.type)]
    return pq.ParquetWriter(path, schema, compression="zstd", use_dictionary=repeated)


def forecast_table(
    meter_ids: pa.Array,
    origins: np.ndarray,
    quantiles: np.ndarray,
    levels: tuple[float, ...],
    model_version: str,
    data_versions: np.ndarray,
    degradation: Degradation,
) -> pa.Table:
    """The rows of N forecasts, H for each.

    Args:
        meter_ids: `[N]`.
        origins: `[N]` datetime64[s] UTC.
        quantiles: `[N, H, Q]` kWh per interval.
        levels: `[Q]`.
        model_version: Of the bundle.
        data_versions: `[N]` import of the dataset that each window's readings are of.
        degradation: `[N]` how much was known.
    """
    rows, horizon, _ = quantiles.shape
    forecast = pa.array(np.repeat(np.arange(rows), horizon))
    columns = [
        meter_ids.take(forecast),
        utc_stamps(origins).take(forecast),
        pa.array(np.tile(np.arange(horizon, dtype=np.int16), rows)),
        *(pa.array(quantiles[..., number].ravel()) for number in range(len(levels))),
        pa.repeat(model_version, rows * horizon),
        pa.array(data_versions).take(forecast),
        pa.array(degradation.is_degraded).take(forecast),
        pa.array(degradation.history_days).take(forecast),
        pa.array(degradation.reasons, pa.string()).take(forecast),
    ]
    return pa.table(columns, schema=forecast_schema(levels))


def utc_stamps(stamps: np.ndarray) -> pa.Array:
    """Moments `[N]` datetime64 UTC as the tables have them; none where they are NaT."""
    return pa.array(stamps.astype("datetime64[us]")).cast(pa.timestamp("us", "UTC"))
