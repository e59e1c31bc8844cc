"""Starts the transformer: `python -m inference_services.transformer --inference_service isvc.yaml ...`."""

import gc
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from kserve.model_server import app
from kserve.utils.utils import strtobool

from inference_services.entry_point import run_entry_point, server_parser
from inference_services.manifest import ServiceManifest, read_manifest
from inference_services.servers import MetrifyModelServer
from inference_services.transformer.anomaly.task import DayTask
from inference_services.transformer.drift_monitor import DriftMonitor
from inference_services.transformer.endpoints import cluster_endpoints, file_endpoints
from inference_services.transformer.forecast.task import ForecastTask
from inference_services.transformer.grid.model import FeederTransformer
from inference_services.transformer.grid.start import FeederSources, open_feeder_transformer
from inference_services.transformer.legacy import add_legacy_routes, hide_metrics
from inference_services.transformer.meters import pseudonymiser
from inference_services.transformer.model import MeterTransformer, Rooms
from inference_services.transformer.predictors import Predictors
from inference_services.transformer.servable import require_servable
from inference_services.transformer.station_weathers import StationWeathers
from inference_services.transformer.tasks import Task
from inference_services.transformer.variants import Variants
from inference_services.transformer.watched_file import WatchedFile
from inference_services.transformer.windows import open_reader, reads_store, require_fitting_store
from metrify.adapters.weather_records import WeatherRecordReader
from metrify.bundles.load import Bundle, load_bundle
from metrify.bundles.manifest import Task as TaskName
from metrify.bundles.signature import load_public_key
from metrify.config import Home, MetrifyConfig, load_config
from metrify.features.model_features import reads_weather, static_columns_of

_LOOPBACK = "127.0.0.1"
_TASKS: dict[TaskName, Callable[[Bundle], Task[Any]]] = {"load-forecast": ForecastTask, "anomaly-detection": DayTask}


def main() -> None:
    """Serves a model until SIGTERM."""
    arguments = _parser().parse_args()
    config = load_config(arguments.ml_config)
    serving = config.serving
    manifest = WatchedFile(arguments.inference_service, read_manifest)
    bundle = load_bundle(arguments.model_dir, load_public_key(arguments.trusted_key))
    path = arguments.endpoints_file
    endpoints = file_endpoints(path) if path else cluster_endpoints(manifest.value().name)
    batch_size = arguments.max_batch_size or serving.max_batch_size
    timeout_seconds = arguments.predictor_timeout_seconds or serving.predictor_timeout_seconds
    predictors = Predictors(arguments.model_name, endpoints, batch_size, timeout_seconds)
    with ExitStack() as at_end:
        if bundle.manifest.task == "grid-optimization":
            forecaster = arguments.load_forecaster or f"grpc://{_LOOPBACK}:{serving.grpc_port}"
            sources = FeederSources(forecaster, arguments.feature_reader, timeout_seconds)
            model: MeterTransformer | FeederTransformer = open_feeder_transformer(
                arguments.model_name, bundle, manifest, predictors, sources
            )
            begin: Callable[[], None] = lambda: None  # noqa: E731
        else:
            model, begin = _open_meters(arguments, config, bundle, manifest, predictors, at_end)
        add_legacy_routes(app, model)
        if not (serving.enable_metrics if arguments.enable_metrics is None else arguments.enable_metrics):
            hide_metrics(app)
        # What is loaded by now stays. A full collection that visits it all stops every request for some 100 ms.
        gc.freeze()
        begin()
        MetrifyModelServer(arguments.http_port, arguments.grpc_port).start([model])


def _parser() -> ArgumentParser:
    parser = server_parser("Finds features, splits rows over variants and serves their models over KServe v2.")
    parser.add_argument("--inference_service", type=Path, required=True, help="YAML with the split.")
    parser.add_argument("--endpoints_file", type=Path, help="JSON of variant to host:port; cluster names without it.")
    parser.add_argument("--feature_reader", default="feast", help="feast, redis or parquet:PATH.")
    parser.add_argument("--feature_cache_seconds", type=float, default=0, help="How long to keep a window from Redis.")
    parser.add_argument("--load_forecaster", help="grpc:// or http:// URL that feeders' forecasts come from.")
    parser.add_argument("--max_batch_size", type=int, help="Rows of one call to a predictor.")
    parser.add_argument("--predictor_timeout_seconds", type=float, help="Deadline of one call to a predictor.")
    parser.add_argument("--enable_metrics", type=strtobool, help="Whether /metrics answers.")
    return parser


def _open_meters(
    arguments: Namespace,
    config: MetrifyConfig,
    bundle: Bundle,
    manifest: WatchedFile[ServiceManifest],
    predictors: Predictors,
    at_end: ExitStack,
) -> tuple[MeterTransformer, Callable[[], None]]:
    """The transformer of a model by meter, and what is to be started with it; what is to be closed goes to `at_end`."""
    require_servable(bundle.features, reads_store(arguments.feature_reader))
    newest = require_fitting_store(arguments.feature_reader, bundle.manifest)
    weather = WeatherRecordReader(Home.from_environment()) if any(map(reads_weather, bundle.features)) else None
    drift = DriftMonitor(bundle, config.drift.max_meters)
    has_static = bool(static_columns_of(bundle.features))
    reader = open_reader(arguments.feature_reader, arguments.feature_cache_seconds, weather is not None, has_static)
    weathers = StationWeathers(weather.read) if weather else None
    if weathers:
        at_end.callback(weathers.close)
    at_end.callback(drift.close)
    variants = Variants(manifest, predictors, [tensor.name for tensor in bundle.manifest.outputs])
    task = _TASKS[bundle.manifest.task](bundle)
    rooms = Rooms(bundle, task, reader, pseudonymiser(), variants, drift, weathers, newest)
    return MeterTransformer(arguments.model_name, rooms), drift.start


if __name__ == "__main__":
    sys.exit(run_entry_point(main))
