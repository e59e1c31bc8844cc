"""The rows of a protocol's side: windows with filled gaps, the same for all models, in memory a batch at a time."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from metrify.cli.bench.forecast.protocol import Protocol
from metrify.config.schema import FeatureEngineeringConfig
from metrify.errors import ForecastError
from metrify.features.batch import FeatureBatch
from metrify.features.meter_code import METER_CODE
from metrify.features.specification import FEATURES, Feature, compute_features, select_features
from metrify.features.text_code import code_texts
from metrify.features.window_gaps import fill_window_gaps
from metrify.features.windows import cut_rows
from metrify.forecasting.training.rows import TrainingRows
from metrify.readings.known import KnownWeather

WEATHER_FEATURES = ("observed_temperature", "forecast_temperature")
_ROWS_AT_ONCE = 4_096
_OF_ROWS = frozenset({"readings", "meter"})  # inputs of features that differ between the rows of an origin


@dataclass(frozen=True, eq=False)
class ProtocolRows:
    """Rows of a protocol, each a meter and an origin. It is a `RowSource`.

    Attributes:
        protocol: Where they come from.
        meters: `[N]` row of the matrix.
        columns: `[N]` column of the matrix at the origin.
        by_origin: `[T]` position of each column in `shared`; -1 where no row has its origin.
        shared: By feature name `[O, ...]`, what the rows of an origin have in common: calendar, and perhaps weather.
        own: Features that differ between them.
    """

    protocol: Protocol
    meters: np.ndarray
    columns: np.ndarray
    by_origin: np.ndarray
    shared: dict[str, np.ndarray]
    own: tuple[Feature, ...]

    def __len__(self) -> int:
        return len(self.meters)

    @property
    def non_negative(self) -> bool:
        """Whether no reading is negative."""
        return self.protocol.non_negative

    def take(self, rows: np.ndarray) -> TrainingRows:
        """Some of the rows, with their features and targets."""
        places = self.by_origin[self.columns[rows]]
        features = {name: values[places] for name, values in self.shared.items()}
        origins, meters = self.origins[self.columns[rows]], self.meter_ids[self.meters[rows]]
        batch = FeatureBatch(self.windows(rows), origins, self.protocol.context, meter_ids=meters)
        return TrainingRows(compute_features(self.own, batch) | features, self.targets(rows))

    @property
    def known_codes(self) -> dict[str, np.ndarray]:
        """`[K]` different codes of the meters, rising; none where they are no feature."""
        if not any(feature.name == METER_CODE for feature in self.own):
            return {}
        return {METER_CODE: np.unique(code_texts(self.meter_ids[np.unique(self.meters)]))}

    @cached_property
    def meter_ids(self) -> np.ndarray:
        """`[M]` names of the meters of the matrix."""
        return np.asarray(self.protocol.matrix.meter_ids, dtype=object)

    @cached_property
    def origins(self) -> np.ndarray:
        """`[T]` datetime64[s] UTC, the start of each column of the matrix."""
        return self.protocol.matrix.timestamps.tz_localize(None).to_numpy().astype("datetime64[s]")

    def windows(self, rows: np.ndarray) -> np.ndarray:
        """The windows of some rows, `[n, L]` kWh, with gaps filled."""
        length = self.protocol.context.sequence_length
        windows = cut_rows(self.protocol.matrix, self.meters[rows], self.columns[rows] - length, length)
        return fill_window_gaps(FeatureBatch(windows, self.origins[self.columns[rows]], self.protocol.context))

    def targets(self, rows: np.ndarray) -> np.ndarray:
        """What was measured, `[n, H]` kWh; NaN where nothing was."""
        protocol = self.protocol
        return cut_rows(protocol.matrix, self.meters[rows], self.columns[rows], protocol.context.forecast_horizon)

    def choose(self, rows: np.ndarray) -> "ProtocolRows":
        """A source of some of the rows alone."""
        return replace(self, meters=self.meters[rows], columns=self.columns[rows])

    def without_weather(self) -> "ProtocolRows":
        """The same without the features of the weather."""
        kept = {name: values for name, values in self.shared.items() if name not in WEATHER_FEATURES}
        return replace(self, shared=kept)


def find_rows(protocol: Protocol, side: str, config: FeatureEngineeringConfig) -> tuple[ProtocolRows, np.ndarray]:
    """The rows with a measured target, and of how many meters' rows too little was visible to forecast them.

    Args:
        protocol: The protocol.
        side: One of `SIDES`.
        config: Whether the rows have a calendar, and tell their meters.

    Returns:
        The rows, and `[M]` how many rows of each meter have a target and no forecast, since less than half of the
        window was measured, or some clock time never.

    Raises:
        ForecastError: No row is left.
    """
    columns = protocol.columns(side)
    meters = np.repeat(np.arange(len(protocol.matrix.meter_ids)), len(columns))
    by_origin = np.full(protocol.matrix.kwh.shape[1], -1)
    by_origin[columns] = np.arange(len(columns))
    wanted = select_features(config.include_time_features, include_meter=config.include_meter)
    own = tuple(feature for feature in wanted if _OF_ROWS.intersection(feature.inputs))
    shared = _shared_features(protocol, columns, [feature for feature in wanted if feature not in own])
    rows = ProtocolRows(protocol, meters, np.tile(columns, len(protocol.matrix.meter_ids)), by_origin, shared, own)
    visible, measured = np.zeros(len(rows), bool), np.zeros(len(rows), bool)
    for first in range(0, len(rows), _ROWS_AT_ONCE):
        part = np.arange(first, min(first + _ROWS_AT_ONCE, len(rows)))
        visible[part] = np.isfinite(rows.windows(part)).all(axis=1)
        measured[part] = np.isfinite(rows.targets(part)).any(axis=1)
    if not (visible & measured).any():
        raise ForecastError(f"No row of {protocol.name} is left to {side}.", "Bring meters with fewer gaps.")
    refused = np.bincount(meters[measured & ~visible], minlength=len(protocol.matrix.meter_ids))
    return rows.choose(np.flatnonzero(visible & measured)), refused


def _shared_features(protocol: Protocol, columns: np.ndarray, wanted: list[Feature]) -> dict[str, np.ndarray]:
    """Features that don't depend on the readings, once for each origin instead of once for each row."""
    context = protocol.context
    weather = None
    if protocol.temperature_c is not None:
        wanted = wanted + [feature for feature in FEATURES if feature.name in WEATHER_FEATURES]
        weather = _perfect_weather(protocol, protocol.temperature_c, columns)
    origins = protocol.matrix.timestamps[columns].tz_localize(None).to_numpy().astype("datetime64[s]")
    no_windows = np.full((len(columns), context.sequence_length), np.nan, np.float32)
    return compute_features(wanted, FeatureBatch(no_windows, origins, context, weather))


def _perfect_weather(protocol: Protocol, temperature_c: np.ndarray, columns: np.ndarray) -> KnownWeather:
    """What was observed, also of the horizon, as if it had been forecast at the origin."""
    before = columns[:, None] + np.arange(-protocol.context.sequence_length, 0)
    after = columns[:, None] + np.arange(protocol.context.forecast_horizon)
    stamps = protocol.matrix.timestamps[columns].tz_localize(None).to_numpy().astype("datetime64[us]")
    issued = np.broadcast_to(stamps[:, None], after.shape)
    return KnownWeather(("temperature_c",), temperature_c[before, None], temperature_c[after, None], issued)
