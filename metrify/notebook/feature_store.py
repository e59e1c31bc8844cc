"""The feature store, by the names of the feature specification."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
from pydantic import Field

from metrify.adapters import feature_store as feast_store
from metrify.config import Home
from metrify.config.schema import Section
from metrify.errors import UnknownMeterError, UsageError
from metrify.features.specification import FEATURES, Feature
from metrify.privacy.pseudonyms import PSEUDONYM_KEY_FILE, load_or_create_key, pseudonyms_of

_STORED = tuple(name.partition(":")[2] for name in feast_store.FEATURES)


class FeatureStoreConfig(Section):
    """Where the store lies and how long its windows are."""

    home: Path | None = None  # the one of METRIFY_HOME without it
    lookback_window: Annotated[int, Field(gt=0)] = 672  # intervals


class FeatureStore:
    """The Feast store of a home. Meter numbers are pseudonymised with the home's key before they are stored or asked.

    Args:
        config: Where it lies.
    """

    def __init__(self, config: FeatureStoreConfig | None = None) -> None:
        self.config = config or FeatureStoreConfig()
        self._home = Home(self.config.home.resolve()) if self.config.home else Home.from_environment()

    def register_feature(self, name: str) -> str:
        """Registers what the feature repository declares for a feature; returns its label, such as `load_window@1`.

        Args:
            name: Name or label of a feature of `metrify/features/specification.py`.

        Raises:
            UsageError: The specification has no such feature.
        """
        feature = _find(name)
        feast_store.apply_repository(self._home)
        return feature.label

    def store_feature_values(
        self, name: str, meter_ids: Sequence[str], window_ends: pd.DatetimeIndex, values: np.ndarray
    ) -> None:
        """Stores the newest values of meters.

        Args:
            name: A stored feature: `load_window`.
            meter_ids: `[N]` meter numbers or pseudonyms.
            window_ends: `[N]` ends of the windows, with a time zone.
            values: `[N, lookback_window]` kWh per interval, oldest first; NaN where a reading is missing.

        Raises:
            UsageError: The feature is not stored, or the arrays don't fit.
            FeatureStoreError: No feature was registered yet.
        """
        _require_stored(name)
        windows = np.ascontiguousarray(values, dtype=np.float32)
        shape = (len(meter_ids), self.config.lookback_window)
        if windows.shape != shape or len(window_ends) != len(meter_ids) or np.isinf(windows).any():
            raise UsageError(
                f"{len(meter_ids)} meters have values of shape {list(windows.shape)} and {len(window_ends)} ends.",
                f"Give values of shape {list(shape)} without infinite ones, and one end a meter.",
            )
        if window_ends.tz is None:
            raise UsageError("The window ends have no time zone.", "Localise them, for instance to UTC.")
        feast_store.push_windows(self._home, np.array(self._pseudonyms(meter_ids), dtype=object), window_ends, windows)

    def get_latest_feature_values(self, name: str, meter_ids: Sequence[str]) -> pd.DataFrame:
        """The newest values of meters: `meter_id` as asked for, `window_end` (UTC) and the feature's array.

        Raises:
            UsageError: The feature is not stored.
            UnknownMeterError: The store has never seen some of the meters.
            FeatureStoreError: No feature was registered yet.
        """
        feature = _require_stored(name)
        windows, ends = feast_store.OnlineWindowReader(self._home).read(self._pseudonyms(meter_ids))
        unknown = [meter for meter, end in zip(meter_ids, ends, strict=True) if np.isnat(end)]
        if unknown:
            raise UnknownMeterError(
                f"The store has never seen {len(unknown)} of the meters, for instance {unknown[0]}.",
                unknown,
                "Store their values first.",
            )
        return pd.DataFrame(
            {"meter_id": list(meter_ids), "window_end": pd.DatetimeIndex(ends, tz="UTC"), feature.name: list(windows)}
        )

    def _pseudonyms(self, meter_ids: Sequence[str]) -> list[str]:
        pseudonyms = pseudonyms_of(meter_ids, load_or_create_key(self._home.keys / PSEUDONYM_KEY_FILE))
        return [pseudonyms[meter_id] for meter_id in meter_ids]


def _find(name: str) -> Feature:
    for feature in FEATURES:
        if name in (feature.name, feature.label):
            return feature
    raise UsageError(
        f"There is no feature {name!r}; the specification has {', '.join(feature.label for feature in FEATURES)}.",
        "Add it to metrify/features/specification.py, so that training and serving share it.",
    )


def _require_stored(name: str) -> Feature:
    feature = _find(name)
    if feature.name not in _STORED:
        raise UsageError(
            f"{feature.label} is not stored: it is computed from the {', '.join(feature.inputs)} when it is needed.",
            "Store load_window.",
        )
    return feature
