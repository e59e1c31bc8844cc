"""Judges a model on meters, feeders, districts and the total: what it says of each, sums from below, and MinT."""

from functools import partial

import numpy as np
import pandas as pd

from metrify.errors import ForecastError
from metrify.features.batch import FeatureBatch, FeatureContext
from metrify.features.specification import Feature, compute_features
from metrify.forecasting.evaluation.by_level import SeriesForecasts, wape_by_level
from metrify.forecasting.evaluation.complete_block import find_complete_block
from metrify.forecasting.onnx_model import OnnxModel
from metrify.forecasting.reconciliation import Hierarchy, build_hierarchy
from metrify.forecasting.reconciliation.aggregate_forecasts import forecast_series
from metrify.forecasting.reconciliation.aggregate_weather import weather_of_series
from metrify.readings.known import KnownWeather
from metrify.readings.places import FEEDER_COLUMN
from metrify.steps.progress import tell_progress
from metrify.steps.training_set import TrainingSet

_MAX_METERS, _MAX_ORIGINS = 2_000, 60  # with 96 intervals a day, 90 MB an array
_MIN_ORIGINS = 10  # half of them give the errors
_TOLD_EVERY = 10  # origins
_NONE = "no forecasts of feeders, districts and the total"


def evaluate_by_level(
    data: TrainingSet, features: tuple[Feature, ...], graph: OnnxModel, meters: pd.DataFrame
) -> dict[str, float]:
    """The WAPE of each level and method on the later half of the test origins; the earlier half gives the errors.

    Test meters have no validation rows, so their errors are found at test origins. Meters are those of the first whole
    districts, up to 2,000; those that lack many origins are left out, as are origins that one of the others lacks.
    Meters without a district or feeder are one more where others have one; the level is left out where none has. The
    weather of a sum is the mean over its meters.

    Args:
        data: Its test rows.
        features: What the graph reads.
        graph: The model.
        meters: `meter_id`, `district` and perhaps `feeder_id`.

    Returns:
        `wape_<level>_<method>`, and `hierarchy_meters`, `hierarchy_meters_left_out` and `hierarchy_origins`, those that
        were judged. Nothing, and a line that says why, where the model makes no means, loads are negative, or there are
        too few meters or origins.
    """
    if not data.non_negative:
        print(f"{_NONE}: some loads are negative, so sums may be near zero", flush=True)
        return {}
    rows = data.rows("test")
    ids, meter_of = np.unique(data.meter_ids[rows].astype(str), return_inverse=True)
    origins, origin_of = np.unique(data.origins[rows], return_inverse=True)
    row_of = np.full((len(ids), len(origins)), -1)
    row_of[meter_of, origin_of] = rows
    places = meters.set_index("meter_id").reindex(columns=["district", FEEDER_COLUMN]).loc[ids].fillna("").astype(str)
    chosen = _choose_whole_districts(places, _MAX_METERS)
    try:
        complete, columns = find_complete_block(row_of[chosen] >= 0, _MIN_ORIGINS)
        kept, columns = chosen[complete], columns[-_MAX_ORIGINS:]
        hierarchy = _build_hierarchy(ids[kept], places.iloc[kept])
        forecasts = _forecast(data, features, graph, hierarchy, row_of[np.ix_(kept, columns)])
        figures = wape_by_level(hierarchy, *_halve(forecasts, origins[columns], data.context))
    except ForecastError as error:
        print(f"{_NONE}: {error}", flush=True)
        return {}
    return {f"wape_{level}_{method}": value for (level, method), value in figures.items()} | {
        "hierarchy_meters": float(len(kept)),
        "hierarchy_meters_left_out": float(len(ids) - len(kept)),
        "hierarchy_origins": float(len(columns) - len(columns) // 2),
    }


def _choose_whole_districts(places: pd.DataFrame, limit: int) -> np.ndarray:
    """The meters of the first districts that are together no more than the limit; else of feeders, else the first."""
    for column in ("district", FEEDER_COLUMN):
        codes, _ = pd.factorize(places[column], sort=True)
        fits = np.cumsum(np.bincount(codes)) <= limit
        if fits.any():
            return np.flatnonzero(fits[codes])
    return np.arange(limit)


def _build_hierarchy(ids: np.ndarray, places: pd.DataFrame) -> Hierarchy:
    districts, feeders = (places[column].to_numpy(object) for column in ("district", FEEDER_COLUMN))
    parts = districts + "/" + feeders  # a feeder that lies in two districts is one in each
    return build_hierarchy(ids, parts if feeders.any() else None, districts if districts.any() else None)


def _forecast(
    data: TrainingSet, features: tuple[Feature, ...], graph: OnnxModel, hierarchy: Hierarchy, rows: np.ndarray
) -> SeriesForecasts:
    """Forecasts of all series at the origins of rows `[M, O]`; columns are origins and their intervals."""
    count, horizon = rows.shape[1], data.targets.shape[1]
    base = np.empty((len(hierarchy.names), count, horizon), np.float32)
    actual = np.empty((len(rows), count, horizon), np.float32)
    for column in range(count):
        at = rows[:, column]
        meters = data.batch(at)
        weather = weather_of_series(hierarchy, meters.weather) if meters.weather else None
        features_of = partial(_compute_features, features=features, meters=meters, weather=weather)
        base[:, column] = forecast_series(graph, hierarchy, meters.windows, features_of)
        actual[:, column] = data.targets[at]
        if (column + 1) % _TOLD_EVERY == 0 or column + 1 == count:
            tell_progress(f"forecast feeders, districts and the total at {column + 1} of {count} origins")
    return SeriesForecasts(base.reshape(len(base), -1), actual.reshape(len(actual), -1))


def _halve(
    forecasts: SeriesForecasts, origins: np.ndarray, context: FeatureContext
) -> tuple[SeriesForecasts, SeriesForecasts]:
    """What gives the errors, of which all were measured before the first origin that is judged, and what is judged."""
    horizon, half = context.forecast_horizon, len(origins) // 2
    ends = origins + np.timedelta64(horizon * context.resolution_minutes, "m")
    known = int((ends <= origins[half]).sum()) * horizon
    parts = (slice(known), slice(half * horizon, None))
    earlier, judged = (SeriesForecasts(forecasts.base[:, part], forecasts.actual[:, part]) for part in parts)
    return earlier, judged


def _compute_features(
    windows: np.ndarray, features: tuple[Feature, ...], meters: FeatureBatch, weather: KnownWeather | None
) -> dict[str, np.ndarray]:
    """Those of the windows `[n, L]` of all series at the one origin of the meters."""
    origins = np.repeat(meters.origins[0], len(windows))
    sums = np.full(len(windows) - len(meters.origins), "", dtype=object)  # which are no meter that a model knows
    ids = None if meters.meter_ids is None else np.concatenate([sums, meters.meter_ids])
    static = {column: np.concatenate([sums, values]) for column, values in meters.static.items()}
    batch = FeatureBatch(windows, origins, meters.context, weather, meter_ids=ids, static=static)
    return compute_features(features, batch)
