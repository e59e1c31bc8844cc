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
from metrify.steps.find_feature import find_feature, find_stored_feature
from metrify.steps.latest_features import read_newest_windows
from metrify.steps.store_windows import store_windows


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
        """Registers what the feature repository declares for a feature; returns its label, such as `load_window@2`.

        Args:
            name: Name or label of a feature of `metrify/features/specification.py`.

        Raises:
            UsageError: The specification has no such feature.
        """
        feature = find_feature(name)
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
        find_stored_feature(name)
        store_windows(meter_ids, window_ends, values, self.config.lookback_window, self._home)

    def get_latest_feature_values(self, name: str, meter_ids: Sequence[str]) -> pd.DataFrame:
        """The newest values of meters: `meter_id` as asked for, `window_end` (UTC) and the feature's array.

        Raises:
            UsageError: The feature is not stored.
            UnknownMeterError: The store has never seen some of the meters.
            FeatureStoreError: No feature was registered yet.
        """
        feature = find_stored_feature(name)
        found = read_newest_windows(meter_ids, self._home)
        ends = pd.DatetimeIndex(found.ends, tz="UTC")
        return pd.DataFrame({"meter_id": list(meter_ids), "window_end": ends, feature.name: list(found.windows)})
