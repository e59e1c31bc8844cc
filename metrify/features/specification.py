"""The list of named, versioned features. A change of a function's result is a new version of the feature."""

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from metrify.errors import BundleError
from metrify.features.batch import FeatureBatch
from metrify.features.before_day import day_calendar, day_readings, history_rest_day, history_window
from metrify.features.calendar import ORIGIN_CALENDAR, horizon_calendar, window_rest_day
from metrify.features.day_deviation import day_deviation
from metrify.features.day_levels import day_levels
from metrify.features.day_peaks import day_peaks
from metrify.features.day_runs import day_runs
from metrify.features.day_shape import day_shape
from metrify.features.grid_status import feeder_loading, feeder_voltage
from metrify.features.load_statistics import LOAD_STATISTICS
from metrify.features.meter_code import meter_code
from metrify.features.same_hour_profile import same_hour_profile
from metrify.features.static_code import STATIC, STATIC_PREFIX, StaticCode
from metrify.features.weather import FORECAST_WEATHER, OBSERVED_WEATHER, forecast_age


@dataclass(frozen=True)
class Feature:
    """One feature.

    Attributes:
        name: The tensor that carries it to the model has the same name.
        version: Raised whenever the function's result changes.
        unit: Unit of its values; "1" where it has none.
        inputs: What it is computed from.
        function: From a batch of N rows to an array with N rows.
    """

    name: str
    version: int
    unit: str
    inputs: tuple[str, ...]
    function: Callable[[FeatureBatch], np.ndarray]

    @property
    def label(self) -> str:
        """Name and version, for instance `load_window@2`."""
        return f"{self.name}@{self.version}"


def load_window(batch: FeatureBatch) -> np.ndarray:
    """The window by the local clock, `[N, sequence_length]`, kWh per interval; see `by_clock`.

    Raises:
        ConfigError: The time zone is unknown.
    """
    return batch.clock_windows


FEATURES: tuple[Feature, ...] = (
    Feature("load_window", 2, "kWh", ("readings",), load_window),
    Feature("window_rest_day", 2, "1", ("calendar",), window_rest_day),
    Feature("horizon_calendar", 1, "1", ("calendar",), horizon_calendar),
    *(Feature(statistic.name, 1, "kWh", ("readings",), statistic) for statistic in LOAD_STATISTICS),
    Feature("same_hour_profile", 1, "kWh", ("readings", "calendar"), same_hour_profile),
    *(Feature(calendar.name, 1, calendar.unit, ("calendar",), calendar) for calendar in ORIGIN_CALENDAR),
    *(Feature(weather.name, 1, weather.quantity.unit, ("weather",), weather) for weather in OBSERVED_WEATHER),
    *(Feature(weather.name, 1, weather.quantity.unit, ("weather",), weather) for weather in FORECAST_WEATHER),
    Feature("forecast_age", 1, "h", ("weather",), forecast_age),
    Feature("feeder_loading", 1, "percent", ("grid_status",), feeder_loading),
    Feature("feeder_voltage", 1, "pu", ("grid_status",), feeder_voltage),
    Feature("meter_code", 1, "1", ("meter",), meter_code),
    Feature("day_deviation", 1, "1", ("readings", "calendar"), day_deviation),
    Feature("day_runs", 1, "1", ("readings", "calendar"), day_runs),
    Feature("day_levels", 1, "1", ("readings", "calendar"), day_levels),
    Feature("day_shape", 1, "1", ("readings", "calendar"), day_shape),
    Feature("day_peaks", 1, "1", ("readings", "calendar"), day_peaks),
    Feature("history_window", 1, "kWh", ("readings", "calendar"), history_window),
    Feature("history_rest_day", 1, "1", ("calendar",), history_rest_day),
    Feature("day_calendar", 1, "1", ("calendar",), day_calendar),
    Feature("day_readings", 1, "kWh", ("readings", "calendar"), day_readings),
)
TIME_FEATURES = ("window_rest_day", "horizon_calendar")
LOAD_FEATURES = (*(statistic.name for statistic in LOAD_STATISTICS), "same_hour_profile")
ORIGIN_TIME_FEATURES = tuple(calendar.name for calendar in ORIGIN_CALENDAR)
OBSERVED_FEATURES = tuple(weather.name for weather in OBSERVED_WEATHER)
FORECAST_FEATURES = (*(weather.name for weather in FORECAST_WEATHER), "forecast_age")
EVIDENCE = ("day_deviation", "day_runs", "day_levels", "day_shape", "day_peaks")  # of the last day of a window
AS_DAY_BEGINS = ("history_window", "history_rest_day", "day_calendar", "day_readings")
DAY_FEATURES = (*EVIDENCE, *AS_DAY_BEGINS)
GRID_FEATURES = ("feeder_loading", "feeder_voltage")

_BY_LABEL = {feature.label: feature for feature in FEATURES}


def static_feature(column: str) -> Feature:
    """The feature of a column of the meters' table, which is none of `FEATURES`: each dataset has its own columns.

    Example:
        >>> static_feature("tariff").label
        'static_tariff@1'
    """
    code = StaticCode(column)
    return Feature(code.name, 1, "1", (STATIC,), code)


def select_features(
    include_time_features: bool,
    include_load_statistics: bool = False,
    include_weather: bool = False,
    include_grid_status: bool = False,
    include_meter: bool = False,
    static_columns: Sequence[str] = (),
) -> tuple[Feature, ...]:
    """The features that a configuration asks for, in the order of `FEATURES`, and then those of static columns.

    Args:
        include_time_features: Also the calendar of window and horizon; with load statistics, that of the origin, too.
        include_load_statistics: Also lags, rolling statistics and the profile. The recurrent networks read none of
            them, as they have the whole window.
        include_weather: Also the observed weather of the window, and the forecast of the horizon with its age.
        include_grid_status: Also loading and voltage of the meter's feeder in the window.
        include_meter: Also which meter it is.
        static_columns: Columns of the meters' table.
    """
    names = {"load_window"}
    if include_time_features:
        names.update(TIME_FEATURES)
    if include_load_statistics:
        names.update(LOAD_FEATURES)
    if include_time_features and include_load_statistics:
        names.update(ORIGIN_TIME_FEATURES)
    if include_weather:
        names.update(OBSERVED_FEATURES, FORECAST_FEATURES)
    if include_grid_status:
        names.update(GRID_FEATURES)
    if include_meter:
        names.add("meter_code")
    return (*(feature for feature in FEATURES if feature.name in names), *map(static_feature, static_columns))


def features_from_labels(labels: Iterable[str]) -> tuple[Feature, ...]:
    """The features that a bundle was trained with.

    Raises:
        BundleError: This code lacks one of them, or computes another version of it.
    """
    found = {label: _BY_LABEL.get(label) or _static_of(label) for label in labels}
    unknown = [label for label, feature in found.items() if feature is None]
    if unknown:
        raise BundleError(
            f"This server can't compute the feature(s) {', '.join(unknown)}; it has {', '.join(_BY_LABEL)}.",
            "Serve the bundle with the code version it was trained with, or train it again.",
        )
    return tuple(feature for feature in found.values() if feature is not None)


def _static_of(label: str) -> Feature | None:
    """The feature of a static column by its label; None where it is none, or of another version."""
    name, _, _ = label.partition("@")
    feature = static_feature(name.removeprefix(STATIC_PREFIX))
    return feature if feature.label == label else None


def specification_hash(features: Iterable[Feature]) -> str:
    """SHA-256 of just these features: names, versions, units and inputs, as 64 hexadecimal digits."""
    listing = sorted([feature.name, feature.version, feature.unit, list(feature.inputs)] for feature in features)
    return hashlib.sha256(json.dumps(listing).encode()).hexdigest()


def compute_features(features: Iterable[Feature], batch: FeatureBatch) -> dict[str, np.ndarray]:
    """Computes features by name, `[N, ...]` float32 each. Training and serving both call this.

    Raises:
        ConfigError: The batch lacks what a feature is computed from, or is too short for it.
    """
    return {feature.name: np.asarray(feature.function(batch), dtype=np.float32) for feature in features}
