"""The newest features of meters, computed from what the online store holds, as a server would."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from metrify.adapters.feature_store import OnlineWindowReader
from metrify.adapters.materialised_readings import is_materialised, read_place
from metrify.adapters.meter_windows import MeterWindows
from metrify.config import Home
from metrify.errors import FeatureStoreError, UnknownMeterError, UsageError
from metrify.features.batch import FeatureBatch, FeatureContext
from metrify.features.known_static import static_of_rows
from metrify.features.load_statistics import LOAD_STATISTICS
from metrify.features.model_features import static_columns_of, uncomputable
from metrify.features.specification import FEATURES, Feature, compute_features
from metrify.steps.store_windows import pseudonymise_all
from metrify.units import MINUTES_PER_HOUR

_SHOWN = ("lag_1h", "lag_24h", "lag_168h", "rolling_mean_24h", "rolling_mean_168h")


@dataclass(frozen=True)
class LatestFeatures:
    """Features of N meters.

    Attributes:
        meters: `[N]` as they were asked for.
        newest: Their windows; the end of each is the origin that the values are of.
        values: `[N, ...]` float32 by feature label.
        resolution_minutes: Length of an interval; None before anything was materialised that says it.
    """

    meters: list[str]
    newest: MeterWindows
    values: dict[str, np.ndarray]
    resolution_minutes: int | None


def latest_features(features: Sequence[Feature], meters: Sequence[str], horizon: int, home: Home) -> LatestFeatures:
    """Reads the newest windows and computes features of them.

    Args:
        features: Of `metrify.features.specification`, computed from readings, calendar and what is known of meters;
            none for the windows alone.
        meters: Meter numbers or pseudonyms.
        horizon: Intervals that features of the horizon are computed for.
        home: Where the store and the pseudonym key lie.

    Raises:
        FeatureStoreError: No feature was registered yet, the online store does not answer, nothing was materialised
            that says where the readings were measured, or a static column is not at hand.
        UnknownMeterError: The store has never seen some of the meters.
        UsageError: A feature is computed from something else.
        ConfigError: A feature needs a longer window than is stored.
    """
    columns = static_columns_of(features)
    for feature in uncomputable(features, static_columns=columns):
        raise UsageError(
            f"{feature.label} is computed from the {', '.join(feature.inputs)}, which the windows don't hold.",
            "Ask for features of the readings and the calendar.",
        )
    found = read_newest_windows(meters, home, with_static=bool(columns))
    static, faults = static_of_rows(found.static, columns)
    for meter, fault in zip(meters, faults, strict=False):
        if fault:
            raise FeatureStoreError(
                f"{meter}: {fault}.", "Import it with `--meters` and `--meter-column`, and run `metrify train`."
            )
    if not features and not is_materialised(home):
        return LatestFeatures(list(meters), found, {}, None)
    place = read_place(home)
    context = FeatureContext(found.windows.shape[1], horizon, place.resolution_minutes, place.timezone, place.country)
    names = pseudonymise_all(meters, home)
    batch = FeatureBatch(found.windows, found.ends, context, meter_ids=names, static=static)
    values = compute_features(features, batch)
    by_label = {feature.label: values[feature.name] for feature in features}
    return LatestFeatures(list(meters), found, by_label, place.resolution_minutes)


def shown_features(home: Home) -> tuple[Feature, ...]:
    """The statistics that tell most of a meter, as far as the stored windows are long enough; none before there are."""
    if not is_materialised(home):
        return ()
    place = read_place(home)
    hours = place.lookback * place.resolution_minutes / MINUTES_PER_HOUR
    fitting = {
        statistic.name
        for statistic in LOAD_STATISTICS
        if statistic.source.hours <= hours and MINUTES_PER_HOUR % place.resolution_minutes == 0
    }
    return tuple(feature for feature in FEATURES if feature.name in fitting.intersection(_SHOWN))


def read_newest_windows(meters: Sequence[str], home: Home, with_static: bool = False) -> MeterWindows:
    """The newest windows of meters.

    Args:
        meters: `[N]` meter numbers or pseudonyms.
        home: Where the store and the pseudonym key lie.
        with_static: Whether what else is known of them is read, too.

    Raises:
        FeatureStoreError: No feature was registered yet, or the online store does not answer.
        UnknownMeterError: The store has never seen some of the meters.
    """
    found = OnlineWindowReader(home, with_static=with_static).read(pseudonymise_all(meters, home).tolist())
    unknown = [meter for meter, end in zip(meters, found.ends, strict=True) if np.isnat(end)]
    if unknown:
        raise UnknownMeterError(
            f"The store has never seen {len(unknown)} of the meters, for instance {unknown[0]}.",
            unknown,
            "Store their values first, or import their readings and run `metrify data backfill`.",
        )
    return found
