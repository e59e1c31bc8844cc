"""A home with a feeder's forecaster and two of its controllers, as services, and a store of its elements' hours."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from inference_services.local.run_manifest import LocalService
from metrify.adapters.feature_repository import apply_repository
from metrify.adapters.feature_store import push_windows
from metrify.bundles.load import load_bundle
from metrify.bundles.manifest import FORECASTER_NAME, OPTIMIZER_NAME
from metrify.bundles.signature import PUBLIC_KEY_FILE, load_or_create_signing_key, load_public_key
from metrify.bundles.write import write_bundle
from metrify.config import Home, default_config
from metrify.grid.expected_hours import element_meters
from metrify.grid.feeder_files import StoredFeeder
from metrify.grid.forecasts.element_hours import element_hours
from metrify.steps.find_feeder import find_feeder
from metrify.steps.install_service import install_service, service_path
from metrify.steps.render_inference_service import predictor_model, render_inference_service
from metrify.steps.store_windows import pseudonymise_all

from ..grid_bundle import write_grid_bundle

NAME = "1-LV-rural1--2-sw"
CHEAP_PEAK_EUR = 1.0
_DAY, _HOURS = 200, 672


@dataclass(frozen=True)
class GridHome:
    """What the tests know of it.

    Attributes:
        home: Where it lies.
    """

    home: Home

    @cached_property
    def stored(self) -> StoredFeeder:
        """The feeder with its year."""
        return find_feeder(NAME, self.home)

    @cached_property
    def meters(self) -> list[str]:
        return element_meters(self.stored.feeder)

    @cached_property
    def windows(self) -> np.ndarray:
        """`[L + P, 672]` kWh that end with local midnight of a bright day in July, in summer time."""
        last = _DAY * 24 - 1
        return element_hours(self.stored.feeder, self.stored.profiles).kwh[:, last - _HOURS : last]

    @cached_property
    def origin(self) -> pd.Timestamp:
        start = pd.Timestamp(self.stored.profiles.start, tz="UTC")
        return start + pd.Timedelta(hours=_DAY * 24 - 1)

    def service(self, name: str, folder: Path, **arguments: Any) -> LocalService:
        key = self.home.keys / PUBLIC_KEY_FILE
        return LocalService(service_path(self.home, name), folder / name, key, 0, 0, **arguments)

    def split(self, percent: int) -> None:
        """Gives the controller that was learnt a share of the feeders."""
        path = service_path(self.home, OPTIMIZER_NAME)
        document = yaml.safe_load(path.read_text())
        model = {"name": "kserve-container", **predictor_model(self.home.bundles / OPTIMIZER_NAME / "learnt")}
        document["spec"]["canary"] = [{"trafficPercent": percent, "predictor": {"name": "learnt", "model": model}}]
        path.with_suffix(".partial").write_text(yaml.safe_dump(document))
        path.with_suffix(".partial").replace(path)


def make_grid_home(home: Home, forecaster: Path, trusted_key: Path) -> GridHome:
    """Fills a home.

    Args:
        home: An empty one with a pseudonym key.
        forecaster: Bundle of a forecaster of any dataset.
        trusted_key: Of its signer.
    """
    made, key = GridHome(home), load_or_create_signing_key(home.keys)
    one = load_bundle(forecaster, load_public_key(trusted_key))
    manifest = one.manifest.model_copy(update={"dataset_name": NAME})
    tiny = home.bundles / FORECASTER_NAME / one.manifest.version
    write_bundle(tiny, manifest, one.model_path, one.drift_reference(), one.thresholds(), "# Card", key, one.cold_start)
    for version, controller in (("planned", "model_predictive"), ("learnt", "learnt")):
        prices = {"peak_eur_per_kw_year": CHEAP_PEAK_EUR} if version == "learnt" else {}
        folder = home.bundles / OPTIMIZER_NAME
        folder.mkdir(parents=True, exist_ok=True)
        write_grid_bundle(
            folder, version, made.stored.feeder, made.stored.timezone, home.keys, controller, 0.3, **prices
        )
    for bundle in (tiny, home.bundles / OPTIMIZER_NAME / "planned"):
        named, rendered = home.root / "bundle.txt", home.root / "rendered.yaml"
        named.write_text(str(bundle))
        render_inference_service(named, rendered, default_config(), home)
        install_service(rendered, home)
    apply_repository(home)
    ends = pd.DatetimeIndex([made.origin] * len(made.meters))
    push_windows(home, pseudonymise_all(made.meters, home), ends, made.windows)
    return made
