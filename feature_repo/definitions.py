"""Everything that Feast applies: the meter, and its window of recent readings."""

import os
from datetime import timedelta

from feast import Entity, FeatureService, FeatureView, Field, FileSource, PushSource, ValueType
from feast.data_format import ParquetFormat
from feast.types import Array, Float32, Int64

meter = Entity(
    name="meter",
    join_keys=["meter_id"],
    value_type=ValueType.STRING,
    description="A metering point, by its pseudonym.",
)

load_window_file = FileSource(
    name="load_window_file",
    path=os.path.join(os.environ["METRIFY_FEATURE_STORE"], "load_windows.parquet"),  # noqa: PTH118
    file_format=ParquetFormat(),
    timestamp_field="event_timestamp",
    description="One window for each meter and local midnight.",
)

load_window_push = PushSource(
    name="load_window_push",
    batch_source=load_window_file,
    description="The newest window of a meter, pushed with each reading.",
)

meter_load = FeatureView(
    name="meter_load",
    entities=[meter],
    ttl=timedelta(days=2),
    schema=[
        Field(name="load_window", dtype=Array(Float32), description="kWh per interval, oldest first; NaN if missing."),
        Field(name="window_end", dtype=Int64, description="End of the window, seconds since 1970 UTC."),
    ],
    source=load_window_push,
    tags={"unit": "kWh", "version": "1"},
    owner="forecasting",
    description="The recent load window of a meter, from which lags and rolling features are derived.",
)

load_forecaster = FeatureService(
    name="load_forecaster",
    features=[meter_load],
    description="What the day-ahead forecaster reads.",
)
