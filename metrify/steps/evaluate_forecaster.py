"""Evaluates the exported model beside the baselines and the champion, on held-out meters in a later time."""

import json
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from metrify.bundles.manifest import FORECASTER_NAME
from metrify.config import Home, MetrifyConfig
from metrify.features.batch import FeatureBatch
from metrify.features.cold_start import ColdStartProfile
from metrify.features.specification import Feature, compute_features
from metrify.forecasting.baselines import persistence_ensemble, seasonal_naive
from metrify.forecasting.evaluation.cold_start import score_cold_starts
from metrify.forecasting.evaluation.scaled_errors import seasonal_scale
from metrify.forecasting.evaluation.streamed import ScoredRows, StreamedScores
from metrify.forecasting.onnx_model import OnnxModel
from metrify.forecasting.uncalibrated import write_uncalibrated
from metrify.readings.dataset import METERS_FILE
from metrify.steps.champion import find_comparable_champion
from metrify.steps.evaluate_by_level import evaluate_by_level
from metrify.steps.evaluation_report import (
    CHAMPION,
    MODEL,
    PERSISTENCE,
    SEASONAL_NAIVE,
    UNCALIBRATED,
    summarise_scores,
    tabulate_scores,
)
from metrify.steps.fit_cold_start import read_cold_start
from metrify.steps.progress import tell_progress
from metrify.steps.training_set import TrainingSet, read_training_set
from metrify.units import intervals_per_day

_THREADS = 2
_ROWS_AT_ONCE = 2_000
_COLD_STARTS = 1_000  # test rows that are cut to a few days, which costs five forecasts of each
_DAYS_OF_A_SEASON = 7  # of the scale of MASE

Forecast = Callable[[Mapping[str, np.ndarray]], np.ndarray]  # features to [N, H, Q] kWh


def evaluate_forecaster(
    dataset: Path,
    training_set: Path,
    model: Path,
    cold_start: Path,
    output: Path,
    tables: Path,
    config: MetrifyConfig,
    home: Home | None = None,
) -> dict[str, float]:
    """Writes and returns the metrics of the test rows, which are read and forecast a batch at a time.

    Args:
        dataset: Dataset folder, which says in what district and at what feeder a meter lies.
        training_set: Folder of `build_training_set`.
        model: ONNX file to evaluate.
        cold_start: File of `fit_cold_start`.
        output: JSON file to write: the metrics.
        tables: Parquet file to write: the model's metrics of each meter, district and interval of the horizon.
        config: Features, quantiles and the tracking address.
        home: Where the champion is found.

    Returns:
        `wape` and the other metrics of the model, `wape` and `pinball` of each baseline and of the champion, the
        p-values of the Diebold-Mariano tests against them, the `wape` of feeders, districts and the total, and the
        model's metrics on windows that were cut to a few days; see docs/forecasting.md.

    Raises:
        TrackingError: MLflow, which knows the champion, can't be reached or refuses.
        ForecastError: The load of the test rows sums to zero.
    """
    home = home or Home.from_environment()
    data = read_training_set(training_set)
    rows, levels = data.rows("test"), config.training.consumption_forecasting.quantiles
    features = data.features(config)
    champion = find_comparable_champion(
        FORECASTER_NAME, data.context, data.weather_columns, data.static, levels, config, home
    )
    all_features = tuple(dict.fromkeys((*features, *champion.features))) if champion else features
    meter_ids, meters = np.unique(data.meter_ids[rows].astype(str), return_inverse=True)
    origins_at, origins = np.unique(data.origins[rows], return_inverse=True)
    day_length = intervals_per_day(data.context.resolution_minutes)
    graph = OnnxModel(model, _THREADS)
    with tempfile.TemporaryDirectory() as scratch:
        forecasts = _forecasts(model, champion.model_path if champion else None, data, len(levels), Path(scratch))
        shape = (len(meter_ids), len(origins_at), data.targets.shape[1])
        expected = {MODEL: graph.expected_load}
        scores = {name: StreamedScores(*shape, levels, day_length, expected.get(name)) for name in forecasts}
        for first in range(0, len(rows), _ROWS_AT_ONCE):
            part = slice(first, first + _ROWS_AT_ONCE)
            windows, actual = data.windows[rows[part]], data.targets[rows[part]]
            scale = seasonal_scale(windows, _DAYS_OF_A_SEASON * day_length)
            scored = ScoredRows(meters[part], origins[part], actual, scale)
            computed = compute_features(all_features, data.batch(rows[part]))
            for name, forecast in forecasts.items():
                scores[name].add(scored, forecast(computed))
            tell_progress(f"scored {min(part.stop, len(rows))} of {len(rows)} rows")
    metrics = summarise_scores(scores, -(-data.targets.shape[1] // day_length))
    metrics |= _score_cold_starts(graph, data, features, levels, read_cold_start(cold_start))
    counts = {"test_rows": rows, "test_meters": meter_ids, "test_origins": origins_at}
    metrics |= {name: float(len(counted)) for name, counted in counts.items()}
    listed = pd.read_parquet(dataset / METERS_FILE)
    metrics |= evaluate_by_level(data, features, graph, listed)
    if champion:
        metrics["is_champion"] = float(champion.model_path.read_bytes() == model.read_bytes())
    output.write_text(json.dumps(metrics, indent=2), encoding="utf-8")
    districts = listed.set_index("meter_id")["district"].loc[meter_ids]
    table = tabulate_scores(scores[MODEL].sums, meter_ids, districts.fillna("").to_numpy(object))
    table.to_parquet(tables, index=False, compression="zstd")
    return metrics


def _score_cold_starts(
    graph: OnnxModel,
    data: TrainingSet,
    features: tuple[Feature, ...],
    levels: tuple[float, ...],
    profile: ColdStartProfile,
) -> dict[str, float]:
    """The metrics of some test rows, evenly spread, as if their meters were new."""
    rows = data.rows("test")
    sample = rows[np.unique(np.linspace(0, len(rows) - 1, _COLD_STARTS).round().astype(int))]

    def forecast(batch: FeatureBatch) -> np.ndarray:
        return graph.predict_in_batches(compute_features(features, batch))

    return score_cold_starts(forecast, data.batch(sample), data.targets[sample], levels, profile)


def _forecasts(
    model: Path, champion: Path | None, data: TrainingSet, levels: int, scratch: Path
) -> dict[str, Forecast]:
    horizon, day_length = data.targets.shape[1], intervals_per_day(data.context.resolution_minutes)

    def graph(path: Path) -> Forecast:
        return OnnxModel(path, _THREADS).predict_in_batches

    def baseline(rule: Callable[[np.ndarray, int, int], np.ndarray]) -> Forecast:
        return lambda features: np.repeat(rule(features["load_window"], horizon, day_length)[..., None], levels, axis=2)

    forecasts = {MODEL: graph(model), SEASONAL_NAIVE: baseline(seasonal_naive)}
    forecasts[PERSISTENCE] = baseline(persistence_ensemble)
    if champion:
        forecasts[CHAMPION] = graph(champion)
    if write_uncalibrated(model, scratch / "uncalibrated.onnx"):
        forecasts[UNCALIBRATED] = graph(scratch / "uncalibrated.onnx")
    return forecasts
