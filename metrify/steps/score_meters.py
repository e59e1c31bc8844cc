"""Forecasts every meter of a shard from the windows in the feature store."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from metrify.adapters.materialised_readings import read_place
from metrify.adapters.place_check import require_same_place
from metrify.adapters.planned_windows import PlannedWindows, WindowPlan, open_windows, plan_windows, read_planned
from metrify.bundles.load import Bundle, load_bundle
from metrify.bundles.manifest import require_horizon
from metrify.bundles.signature import PUBLIC_KEY_FILE, load_public_key
from metrify.config import Home
from metrify.errors import BundleError, FeatureStoreError, UsageError
from metrify.features.batch import FeatureBatch
from metrify.features.complete_windows import CompletedWindows, complete_windows
from metrify.features.specification import compute_features
from metrify.forecasting.forecast_table import forecast_schema, forecast_table, forecast_writer
from metrify.forecasting.onnx_model import OnnxModel
from metrify.readings.dataset import METERS_FILE, read_info
from metrify.readings.shards import Shard
from metrify.steps.latest_features import computable
from metrify.steps.progress import Countdown, tell_progress
from metrify.steps.refused_meters import list_without_history, list_without_window

_FORECASTS_PER_GROUP = 1_024  # of which a merge holds several for each shard
_ROWS_AT_ONCE = 256  # of an inference: what it works on stays in the processor's cache


def score_meters(
    dataset: Path,
    bundle: Path,
    forecasts: Path,
    refused: Path,
    origins: Sequence[str] = (),
    shard: str = "0/1",
    horizon: int | None = None,
    home: Home | None = None,
) -> dict[str, float]:
    """Writes a forecast of each meter of a shard, and lists those that can't be forecast.

    The windows of new meters are completed as a server does it, and marked. A gap is never filled, and no older window
    takes the place of one that can't be forecast. The windows are read and scored some thousand at a time.

    Args:
        dataset: Dataset folder, which says what meters there are.
        bundle: Folder of the model's bundle.
        forecasts: Parquet file to write, see `forecast_schema`, in the order of the store.
        refused: Parquet file to write: `meter_id`, `origin` (none where it is unknown) and `reason`.
        origins: RFC 3339 times, each one at which windows end; none for the end of each meter's newest window.
        shard: Which meters, such as `0/4`; see `metrify.readings.shards`.
        horizon: Intervals that are wanted of each forecast; None for all that the model gives.
        home: Where the feature store and the public key of the bundle's signer lie.

    Returns:
        How many meters and forecasts there are, how many of these are degraded, and how many were refused.

    Raises:
        BundleError: The bundle is missing or changed, or does not fit the store.
        FeatureStoreError: The store is empty, or filled from another dataset.
        InvalidRequestError: The horizon is beyond the model's.
        UsageError: An origin is no time, or no window of any meter ends at it.
    """
    home = home or Home.from_environment()
    model = load_bundle(bundle, load_public_key(home.keys / PUBLIC_KEY_FILE))
    _require_fit(model, dataset, home)
    intervals = require_horizon(horizon, model.manifest)
    meters = _meters_of(dataset, shard)
    ends = np.unique(np.array([_parse(origin) for origin in origins], "datetime64[s]"))
    with open_windows(home) as windows:
        plan = plan_windows(windows, pd.Index(meters.to_pandas()), ends)
        if not plan.present.all():
            first = ends[~plan.present][0]
            raise UsageError(f"No window in the feature store ends at {first}Z.", "Name an end of stored windows.")
        scored, degraded, listed = _score(model, meters, plan, windows, forecasts, shard, intervals)
    listed = pa.concat_tables([list_without_window(meters, plan, ends), *listed])
    pq.write_table(listed, refused, compression="zstd")
    return {"meters": len(meters), "forecasts": scored, "degraded": degraded, "refused": len(listed)}


def _score(
    model: Bundle, meters: pa.Array, plan: WindowPlan, stored: pq.ParquetFile, output: Path, shard: str, horizon: int
) -> tuple[int, int, list[pa.Table]]:
    """Writes the forecasts; returns how many there are, how many are degraded, and the rows that were refused."""
    manifest, graph = model.manifest, OnnxModel(model.model_path)
    countdown, done, scored, degraded = Countdown(len(plan.ends)), 0, 0, 0
    refused: list[pa.Table] = []
    with forecast_writer(output, forecast_schema(manifest.quantiles)) as writer:
        for found in read_planned(stored, plan, manifest.sequence_length):
            windows = complete_windows(FeatureBatch(found.windows, found.ends, manifest.context), model.cold_start)
            kept = np.flatnonzero(windows.is_usable)
            refused.append(list_without_history(meters, found, windows))
            if len(kept):
                forecasts = _forecast(model, graph, meters, found, windows, kept, horizon)
                writer.write_table(forecasts, _FORECASTS_PER_GROUP * horizon)
            done, scored = done + len(found.ends), scored + len(kept)
            degraded += int(windows.is_completed.sum())
            tell_progress(f"shard {shard}: {done:,}/{len(plan.ends):,} windows, {countdown.left(done)}")
    return scored, degraded, refused


def _forecast(
    model: Bundle,
    graph: OnnxModel,
    meters: pa.Array,
    found: PlannedWindows,
    windows: CompletedWindows,
    kept: np.ndarray,
    horizon: int,
) -> pa.Table:
    manifest = model.manifest
    batch = FeatureBatch(windows.windows[kept], found.ends[kept], manifest.context)
    quantiles = graph.predict_in_batches(compute_features(model.features, batch), _ROWS_AT_ONCE)[:, :horizon]
    names, versions = meters.take(pa.array(found.meters[kept])), found.data_versions[kept]
    marks = windows.is_completed[kept], windows.history_days[kept]
    return forecast_table(names, found.ends[kept], quantiles, manifest.quantiles, manifest.version, versions, *marks)


def _meters_of(dataset: Path, shard: str) -> pa.Array:
    held, own = Shard.parse(shard), []
    with pq.ParquetFile(dataset / METERS_FILE) as file:
        for batch in file.iter_batches(columns=["meter_id"]):
            names = batch["meter_id"].cast(pa.string())
            own.append(names.filter(pa.array(held.holds(names.to_pylist()))))
    return pa.chunked_array(own, pa.string()).combine_chunks()


def _require_fit(model: Bundle, dataset: Path, home: Home) -> None:
    """Checks that the store holds windows of the dataset that the model reads."""
    place, name, manifest = read_place(home), read_info(dataset).name, model.manifest
    if place.dataset != name:
        raise FeatureStoreError(
            f"The feature store holds the windows of {place.dataset}, not of {name}.",
            f"Fill it with `metrify train --dataset {name}`.",
        )
    lacking = [feature.label for feature in model.features if not computable(feature)]
    if lacking:
        raise BundleError(
            f"The windows alone don't give the bundle's features {', '.join(lacking)}.", "Train it without them."
        )
    require_same_place(manifest, place)


def _parse(origin: str) -> np.datetime64:
    try:
        stamp = pd.Timestamp(origin)
    except ValueError as error:
        raise UsageError(f"{origin!r} is no time.", "Write it like 2024-06-30T22:00:00Z.") from error
    return (stamp.tz_localize("UTC") if stamp.tz is None else stamp.tz_convert("UTC")).tz_localize(None).to_datetime64()
