"""Feast's repository: registers what it declares; opens the store on SQLite or, with METRIFY_REDIS_URL, on Redis."""

import os
import runpy
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from metrify.adapters.feast_import import import_feast
from metrify.adapters.redis_address import RedisAddress
from metrify.config import Home
from metrify.errors import FeatureStoreError

if TYPE_CHECKING:
    from feast import Entity, FeatureService, FeatureStore, FeatureView, OnDemandFeatureView, RepoConfig

REPO_FOLDER = Path(__file__).resolve().parents[2] / "feature_repo"
STORE_VARIABLE = "METRIFY_FEATURE_STORE"
CONNECTION_VARIABLE = "METRIFY_REDIS_CONNECTION"
WINDOW_VIEW, STATION_VIEW, WEATHER_VIEW = "meter_load", "meter_station", "station_weather"
STATIC_VIEW = "meter_static"
_WINDOW_FIELDS = {"load_window", "window_end", "data_version"}
_EMBEDDED, _REDIS = "feature_store.yaml", "feature_store.redis.yaml"


def open_store(home: Home) -> "FeatureStore":
    """The feature store of a home; its online store is Redis where METRIFY_REDIS_URL names one, and SQLite otherwise.

    Raises:
        FeatureStoreError: Nothing was materialised there yet.
        ConfigError: METRIFY_REDIS_URL is no Redis address.
    """
    config = _load_config(home)
    if config.registry.registry_type == "file" and not Path(config.registry.path).exists():
        raise FeatureStoreError(f"There is no feature store in {home.feature_store}.", "Run `metrify train` first.")
    return import_feast().FeatureStore(config=config)


def open_window_store(home: Home, with_stations: bool = False, with_static: bool = False) -> "FeatureStore":
    """The feature store of a home, whose registered view of windows has every field that this version needs.

    Args:
        home: Where the store lies.
        with_stations: Whether the view of the meters' weather stations is needed, too.
        with_static: Whether that of what else is known of the meters is.

    Raises:
        FeatureStoreError: Nothing was materialised there yet, or by another version of Metrify.
        ConfigError: METRIFY_REDIS_URL is no Redis address.
    """
    store = open_store(home)
    if not {field.name for field in store.get_feature_view(WINDOW_VIEW).features} >= _WINDOW_FIELDS:
        raise another_version()
    wanted = {view for view, is_wanted in ((STATION_VIEW, with_stations), (STATIC_VIEW, with_static)) if is_wanted}
    if wanted and not wanted <= {view.name for view in store.list_feature_views()}:
        raise another_version()
    return store


def another_version() -> FeatureStoreError:
    """What to raise where another version of Metrify left a store that this one can't use."""
    return FeatureStoreError(
        "Another version of Metrify filled the store.", "Run `metrify train`, which fills the store anew."
    )


def apply_repository(home: Home) -> None:
    """Registers what `feature_repo/definitions.py` declares.

    Raises:
        ConfigError: METRIFY_REDIS_URL is no Redis address.
    """
    feast = import_feast()
    home.feature_store.mkdir(parents=True, exist_ok=True)
    declared = declared_items(home)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "On demand feature view is an experimental", RuntimeWarning)
        feast.FeatureStore(config=_load_config(home)).apply(declared)


def declared_items(home: Home) -> "list[Entity | FeatureView | OnDemandFeatureView | FeatureService]":
    """What `feature_repo/definitions.py` declares for a home, registered or not.

    Raises:
        ConfigError: METRIFY_REDIS_URL is no Redis address.
    """
    feast = import_feast()
    _load_config(home)  # names the folder in the environment, where the definitions take it from
    declared = runpy.run_path(str(REPO_FOLDER / "definitions.py")).values()
    kinds = (feast.Entity, feast.FeatureView, feast.OnDemandFeatureView, feast.FeatureService)
    return [item for item in declared if isinstance(item, kinds)]


@contextmanager
def redis_errors_told() -> Iterator[None]:
    """Tells in our own words that Redis does not answer Feast, or holds what Feast can't read.

    Raises:
        FeatureStoreError: It does not, or it does.
    """
    from google.protobuf.message import DecodeError
    from redis.exceptions import RedisError

    try:
        yield
    except DecodeError:
        raise FeatureStoreError(
            "The online store holds a value that can't be read.",
            "See docs/feature-store.md for how to find and delete it.",
        ) from None
    except RedisError as error:
        # Not its text and not as the cause, which both may show the address with what is needed to log in.
        raise FeatureStoreError(
            f"The online store does not answer ({type(error).__name__}).", "Check METRIFY_REDIS_URL and the server."
        ) from None


def _load_config(home: Home) -> "RepoConfig":
    load_repo_config = import_feast().repo_config.load_repo_config
    os.environ[STORE_VARIABLE] = str(home.feature_store)  # the YAML files take paths and addresses from there
    address = RedisAddress.from_environment()
    if address is None:
        return load_repo_config(REPO_FOLDER, REPO_FOLDER / _EMBEDDED)
    os.environ[CONNECTION_VARIABLE] = address.feast_connection_string()
    return load_repo_config(REPO_FOLDER, REPO_FOLDER / _REDIS)
