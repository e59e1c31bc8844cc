"""Changes the split of an InferenceService: `spec.canary[]`, as `kubectl patch` does on a cluster."""

from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

import yaml

from metrify.adapters.tracking import CHAMPION, point_alias_at
from metrify.bundles.load import load_bundle
from metrify.bundles.manifest import BundleManifest
from metrify.bundles.signature import load_public_key
from metrify.config import Home, MetrifyConfig
from metrify.errors import BundleError, ConfigError, UsageError
from metrify.experiments.assignment import CONTROL
from metrify.steps.install_service import service_path
from metrify.steps.render_inference_service import SALT_ANNOTATION, predictor_model

_PLACE = ("resolution_minutes", "timezone", "country")
_CONTAINER = "kserve-container"  # the container's name: the schema demands it, and KServe looks for this one


def find_bundle(home: Home, version: str) -> Path:
    """The folder of a bundle by its version, which also names its model: `bundles/<name>/<version>`.

    Raises:
        BundleError: There is none.
    """
    found = next((folder for folder in sorted(home.bundles.glob("*")) if (folder / version).is_dir()), None)
    if found is None:
        raise BundleError(f"There is no bundle {version} in {home.bundles}.", "Train one with `metrify train`.")
    return found / version


def read_split(service: Path) -> dict[str, int]:
    """Percentage of each canary by name."""
    return {entry["predictor"]["name"]: entry["trafficPercent"] for entry in _read(service)["spec"].get("canary", [])}


def read_salt(service: Path) -> str:
    """The salt of the assignment."""
    return str(_read(service)["metadata"]["annotations"][SALT_ANNOTATION])


def served_bundles(service: Path) -> dict[str, Path]:
    """Folder of the bundle that each variant serves, by the variant's name."""
    spec = _read(service)["spec"]
    models = {CONTROL: spec["predictor"]["model"]}
    models |= {entry["predictor"]["name"]: entry["predictor"]["model"] for entry in spec.get("canary", [])}
    return {name: Path(unquote(urlparse(model["storageUri"]).path)) for name, model in models.items()}


def start_canary(service: Path, bundle: Path, percent: int, trusted_key: Path) -> str:
    """Adds a bundle to a service as its canary, under the name of the bundle's version; returns the name.

    Args:
        service: InferenceService YAML to change.
        bundle: Bundle folder.
        percent: Share of the meters, 1 to 100.
        trusted_key: Public key of the bundle's signer.

    Raises:
        BundleError: The bundle is missing, changed, or needs features that this code lacks.
        UsageError: The service has a canary already, serves this bundle, the percentage does not fit, or the bundle
            takes or gives something else than the control's.
    """
    _require_percent(percent)
    key = load_public_key(trusted_key)
    manifest = load_bundle(bundle, key).manifest
    version = manifest.version
    document = _read(service)
    spec = document["spec"]
    if spec.get("canary"):
        raise UsageError(
            f"{service.name} has the canary {', '.join(read_split(service))} already.", "End it with `rollout stop`."
        )
    if spec["predictor"]["model"]["storageUri"] == bundle.as_uri():
        raise UsageError(f"{service.name} serves {version} as its control already.", "Choose another bundle.")
    _require_fit(manifest, load_bundle(served_bundles(service)[CONTROL], key).manifest)
    model = {"name": _CONTAINER, **predictor_model(bundle)}
    spec["canary"] = [{"trafficPercent": percent, "predictor": {"name": version, "model": model}}]
    _write(service, document)
    return version


def set_percent(service: Path, percent: int) -> str:
    """Changes the canary's share of the meters; returns its name.

    Raises:
        UsageError: There is no canary, or the percentage does not fit.
    """
    _require_percent(percent)
    document = _read(service)
    entry = _canary(document, service)
    entry["trafficPercent"] = percent
    _write(service, document)
    return str(entry["predictor"]["name"])


def stop_canary(service: Path) -> str:
    """Takes the canary away, so that all meters are the control's again; returns its name.

    Raises:
        UsageError: There is no canary.
    """
    document = _read(service)
    name = str(_canary(document, service)["predictor"]["name"])
    del document["spec"]["canary"]
    _write(service, document)
    return name


def promote_canary(service: Path, config: MetrifyConfig, home: Home) -> str:
    """Makes the canary the control, and its bundle the champion of the registry; returns the bundle's version.

    The registry comes first: where it refuses, the service stays as it is.

    Args:
        service: InferenceService YAML to change.
        config: The tracking address.
        home: Where a relative SQLite file lies.

    Raises:
        UsageError: There is no canary.
        TrackingError: The bundle is not registered, or MLflow can't be reached or refuses.
    """
    document = _read(service)
    entry = _canary(document, service)
    version = served_bundles(service)[str(entry["predictor"]["name"])].name
    point_alias_at(home, config, str(document["metadata"]["name"]), CHAMPION, version)
    model = entry["predictor"]["model"]
    document["spec"]["predictor"]["model"] = {key: value for key, value in model.items() if key != "name"}
    del document["spec"]["canary"]
    _write(service, document)
    return version


def promote_bundle(bundle: Path, trusted_key: Path, config: MetrifyConfig, home: Home) -> Path:
    """Makes a bundle the control of its service at once, and the champion; a canary of the service ends.

    This is how a service gets a bundle of another place or resolution, beside which the present one can't be served.

    Args:
        bundle: Bundle folder, `bundles/<name>/<version>`.
        trusted_key: Public key of the bundle's signer.
        config: The tracking address.
        home: Where the service lies.

    Returns:
        The service's manifest.

    Raises:
        BundleError: The bundle is missing, changed, or needs features that this code lacks.
        ConfigError: The service's manifest can't be read.
        TrackingError: The bundle is not registered, or MLflow can't be reached or refuses.
    """
    manifest = load_bundle(bundle, load_public_key(trusted_key)).manifest
    service = service_path(home, manifest.name)
    document = _read(service)
    point_alias_at(home, config, manifest.name, CHAMPION, manifest.version)
    document["spec"]["predictor"]["model"] = predictor_model(bundle)
    document["spec"].pop("canary", None)
    _write(service, document)
    return service


def is_of_same_place(one: BundleManifest, other: BundleManifest) -> bool:
    """Whether two bundles read the same intervals of the same place, so that one store serves both."""
    return all(getattr(one, key) == getattr(other, key) for key in _PLACE)


def _canary(document: dict[str, Any], service: Path) -> dict[str, Any]:
    canaries = document["spec"].get("canary")
    if not canaries:
        raise UsageError(f"{service.name} has no canary.", "Start one with `metrify rollout start`.")
    return canaries[0]


def _require_fit(canary: BundleManifest, control: BundleManifest) -> None:
    """One transformer computes the features of both, and one answer has room for the outputs of both."""
    keys = ("features", "inputs", "outputs", "quantiles", "sequence_length")
    different = [key for key in (*keys, *_PLACE) if getattr(canary, key) != getattr(control, key)]
    if set(different) & set(_PLACE):
        raise UsageError(
            f"{canary.version} and the control {control.version} differ in {', '.join(different)}; no store has both.",
            f"Serve it in the control's place: `metrify rollout promote {canary.version}`.",
        )
    if different:
        raise UsageError(
            f"{canary.version} and the control {control.version} differ in {', '.join(different)}.",
            "Train it with the same features, windows and outputs.",
        )


def _require_percent(percent: int) -> None:
    if not 0 < percent <= 100:
        raise UsageError(f"{percent} percent does not fit.", "Use 1 to 100.")


def _read(service: Path) -> dict[str, Any]:
    try:
        return yaml.safe_load(service.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise ConfigError(f"The manifest {service} can't be read: {error}.", "Train again, or mend it.") from error


def _write(service: Path, document: dict[str, Any]) -> None:
    partial = service.with_suffix(".partial")  # a server that watches the file never sees half of it
    partial.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    partial.replace(service)
