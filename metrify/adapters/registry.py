"""MLflow's registry: which bundles are registered, and which are the candidate and the champion."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from metrify.adapters.tracking import CANDIDATE, CHAMPION, tracking_uri
from metrify.config import Home, MetrifyConfig
from metrify.errors import BundleError, TrackingError

_SQLITE = "sqlite:///"


@dataclass(frozen=True)
class RegisteredBundle:
    """A version in the registry.

    Attributes:
        name: Of the model.
        number: Of the version in the registry.
        version: The bundle's version, for instance `gru-a17441e6a4`.
        source: Where the registry keeps the bundle.
        is_candidate: Whether the `candidate` alias points at it.
        is_champion: Whether the `champion` alias points at it.
        tags: Where the bundle comes from.
    """

    name: str
    number: int
    version: str
    source: str
    is_candidate: bool
    is_champion: bool
    tags: Mapping[str, str]


def list_bundles(home: Home, config: MetrifyConfig, name: str) -> list[RegisteredBundle]:
    """The registered versions of a model, newest first; none where the model is not registered.

    Raises:
        TrackingError: MLflow can't be reached or refuses.
    """
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    uri = tracking_uri(home, config)
    if uri.startswith(_SQLITE) and not Path(uri.removeprefix(_SQLITE)).exists():
        return []  # a look into the registry makes none
    try:
        client = MlflowClient(tracking_uri=uri, registry_uri=uri)
        models = client.search_registered_models(f"name = '{name}'")
        versions = client.search_model_versions(f"name = '{name}'") if models else []
    except MlflowException as error:
        raise TrackingError(f"MLflow at {uri} refused: {error.message}.", "Check mlflow.tracking_uri.") from error
    aliases = {alias: str(number) for alias, number in models[0].aliases.items()} if models else {}
    bundles = [
        RegisteredBundle(
            item.name,
            int(item.version),
            item.tags.get("version", ""),
            item.source,
            str(item.version) == aliases.get(CANDIDATE),
            str(item.version) == aliases.get(CHAMPION),
            dict(item.tags),
        )
        for item in versions
    ]
    return sorted(bundles, key=lambda bundle: bundle.number, reverse=True)


def find_candidate(home: Home, config: MetrifyConfig, name: str) -> RegisteredBundle:
    """The version that the `candidate` alias points at.

    Raises:
        TrackingError: There is none, or MLflow can't be reached or refuses.
    """
    for bundle in list_bundles(home, config, name):
        if bundle.is_candidate:
            return bundle
    raise TrackingError(f"{name} has no candidate in the registry.", "Run `metrify train`, or register a bundle.")


def find_champion(home: Home, config: MetrifyConfig, name: str) -> RegisteredBundle | None:
    """The version that the `champion` alias points at; None where nothing was promoted yet.

    Raises:
        TrackingError: MLflow can't be reached or refuses.
    """
    return next((bundle for bundle in list_bundles(home, config, name) if bundle.is_champion), None)


def fetch_bundle(home: Home, config: MetrifyConfig, bundle: RegisteredBundle) -> Path:
    """The folder of a bundle as the registry keeps it, downloaded where it lies elsewhere. It is not verified yet.

    Raises:
        BundleError: The registry's copy is gone.
        TrackingError: MLflow can't be reached or refuses.
    """
    from mlflow.artifacts import download_artifacts
    from mlflow.exceptions import MlflowException

    uri = tracking_uri(home, config)
    try:
        return Path(download_artifacts(artifact_uri=bundle.source, tracking_uri=uri))
    except MlflowException as error:
        raise TrackingError(f"MLflow at {uri} refused: {error.message}.", "Check mlflow.tracking_uri.") from error
    except OSError as error:
        raise BundleError(
            f"The registry's copy of {bundle.version} can't be read: {error}.", "Register the bundle again."
        ) from error
