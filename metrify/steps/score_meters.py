"""Forecasts every meter of a shard from the windows in the feature store."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from metrify.adapters.materialised_readings import StoredPlace, read_place
from metrify.adapters.place_check import require_same_place
from metrify.adapters.planned_windows import PlannedWindows, WindowPlan, open_windows, plan_windows, read_planned
from metrify.bundles.load import Bundle, load_bundle
from metrify.bundles.manifest import require_horizon
from metrify.bundles.signature import PUBLIC_KEY_FILE, load_public_key
from metrify.config import Home
from metrify.errors import FeatureStoreError, UsageError
from metrify.features.batch import FeatureBatch
from metrify.features.complete_windows import CompletedWindows, complete_windows
from metrify.features.degradation import judge_rows, tell_silence
from metrify.features.specification import compute_features
from metrify.forecasting.forecast_table import DEGRADED_COLUMN, forecast_schema, forecast_table, forecast_writer
from metrify.forecasting.onnx_model import OnnxModel
from metrify.readings.dataset import METERS_FILE, read_info
from metrify.readings.shards import Shard
from metrify.steps.progress import Countdown, tell_progress
from metrify.steps.refused_meters import list_without_history, list_without_window
from metrify.steps.shard_static import open_shard_static
from metrify.steps.shard_weather import ShardWeather, open_shard_weather

_FORECASTS_PER_GROUP = 1_024  # of which a merge holds several for each shard


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

    The windows of new meters and those with gaps are completed as a server does it, and marked. No older window takes
    the place of one that can't be forecast. A model that reads the weather gets what was known at each origin of
    the dataset's weather; what was not known is missing, and the forecast is made without it and marked. One that reads
    static columns gets what the dataset's meters table says. The windows are read and scored some thousand at a time.

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
        BundleError: The bundle is missing or changed, or does not fit the store, or the dataset's weather or meters.
        FeatureStoreError: The store is empty, or filled from another dataset.
        InvalidRequestError: The horizon is beyond the model's.
        UsageError: An origin is no time, or no window of any meter ends at it.
    """
    home = home or Home.from_environment()
    model = load_bundle(bundle, load_public_key(home.keys / PUBLIC_KEY_FILE))
    place = _require_fit(model, dataset, home)
    intervals = require_horizon(horizon, model.manifest)
    meters = _meters_of(dataset, shard)
    known = _Known(
        meters,
        open_shard_static(model, dataset, meters),
        open_shard_weather(model, dataset, meters),
        None if origins else place.online_until,
    )
    ends = np.unique(np.array([parse_origin(origin) for origin in origins], "datetime64[s]"))
    with open_windows(home) as windows:
        plan = plan_windows(windows, pd.Index(meters.to_pandas()), ends)
        if not plan.present.all():
            first = ends[~plan.present][0]
            raise UsageError(f"No window in the feature store ends at {first}Z.", "Name an end of stored windows.")
        figures, listed = _score(model, known, plan, windows, forecasts, shard, intervals)
    listed = pa.concat_tables([list_without_window(meters, plan, ends), *listed])
    pq.write_table(listed, refused, compression="zstd")
    return {"meters": len(meters), **figures, "refused": len(listed)}


@dataclass(frozen=True)
class _Known:
    """The shard's meters `[M]`, and what is known of them and around them.

    No weather where the model reads none, and no end of the newest windows where other ones are asked for.
    """

    meters: pa.Array
    static: dict[str, np.ndarray]
    weather: ShardWeather | None
    newest: pd.Timestamp | None


def _score(
    model: Bundle,
    known: _Known,
    plan: WindowPlan,
    stored: pq.ParquetFile,
    output: Path,
    shard: str,
    horizon: int,
) -> tuple[dict[str, float], list[pa.Table]]:
    """Writes the forecasts; returns how many there are and how many are degraded, and the rows that were refused."""
    manifest, graph = model.manifest, OnnxModel(model.model_path)
    countdown, done, scored, degraded = Countdown(len(plan.ends)), 0, 0, 0
    refused: list[pa.Table] = []
    with forecast_writer(output, forecast_schema(manifest.quantiles)) as writer:
        for found in read_planned(stored, plan, manifest.sequence_length):
            windows = complete_windows(FeatureBatch(found.windows, found.ends, manifest.context), model.cold_start)
            usable = int(windows.is_usable.sum())
            refused.append(list_without_history(known.meters, found, windows))
            if usable:
                forecasts = _forecast(model, graph, known, found, windows, horizon)
                writer.write_table(forecasts, _FORECASTS_PER_GROUP * horizon)
                degraded += pc.sum(forecasts[DEGRADED_COLUMN]).as_py() // horizon
            done, scored = done + len(found.ends), scored + usable
            tell_progress(f"shard {shard}: {done:,}/{len(plan.ends):,} windows, {countdown.left(done)}")
    return {"forecasts": scored, "degraded": degraded}, refused


def _forecast(
    model: Bundle,
    graph: OnnxModel,
    known: _Known,
    found: PlannedWindows,
    windows: CompletedWindows,
    horizon: int,
) -> pa.Table:
    """The forecasts of those windows that are usable."""
    manifest, kept = model.manifest, np.flatnonzero(windows.is_usable)
    origins, numbers = found.ends[kept], found.meters[kept]
    weather, faults = known.weather.known_at(numbers, origins, manifest.context) if known.weather else (None, [])
    names = known.meters.take(pa.array(numbers))
    static = {column: values[numbers] for column, values in known.static.items()}
    rows = (windows.windows[kept], origins, manifest.context, weather)
    batch = FeatureBatch(*rows, meter_ids=np.asarray(names), static=static)
    quantiles = graph.predict_in_batches(compute_features(model.features, batch))[:, :horizon]
    silence = tell_silence(origins, known.newest).tolist()
    degradation = judge_rows(windows.reasons[kept], windows.history_days[kept], faults, silence)
    versions = found.data_versions[kept]
    return forecast_table(names, origins, quantiles, manifest.quantiles, manifest.version, versions, degradation)


def _meters_of(dataset: Path, shard: str) -> pa.Array:
    held, own = Shard.parse(shard), []
    with pq.ParquetFile(dataset / METERS_FILE) as file:
        for batch in file.iter_batches(columns=["meter_id"]):
            names = batch["meter_id"].cast(pa.string())
            own.append(names.filter(pa.array(held.holds(names.to_pylist()))))
    return pa.chunked_array(own, pa.string()).combine_chunks()


def _require_fit(model: Bundle, dataset: Path, home: Home) -> StoredPlace:
    """Checks that the store holds windows of the dataset that the model reads; returns what it holds."""
    place, name = read_place(home), read_info(dataset).name
    if place.dataset != name:
        raise FeatureStoreError(
            f"The feature store holds the windows of {place.dataset}, not of {name}.",
            f"Fill it with `metrify train --dataset {name}`.",
        )
    require_same_place(model.manifest, place)
    return place


def parse_origin(origin: str) -> np.datetime64:
    """An RFC 3339 time, UTC where it names no zone.

    Raises:
        UsageError: It is no time.
    """
    try:
        stamp = pd.Timestamp(origin)
    except ValueError as error:
        raise UsageError(f"{origin!r} is no time.", "Write it like 2024-06-30T22:00:00Z.") from error
    return (stamp.tz_localize("UTC") if stamp.tz is None else stamp.tz_convert("UTC")).tz_localize(None).to_datetime64()
