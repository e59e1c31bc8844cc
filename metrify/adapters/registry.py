"""MLflow's registry: which bundles are registered, and which is the candidate."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from metrify.adapters.tracking import CANDIDATE, tracking_uri
from metrify.config import Home, MetrifyConfig
from metrify.errors import TrackingError

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
        tags: Where the bundle comes from.
    """

    name: str
    number: int
    version: str
    source: str
    is_candidate: bool
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
    candidate = str(models[0].aliases.get(CANDIDATE)) if models else ""
    bundles = [
        RegisteredBundle(
            item.name,
            int(item.version),
            item.tags.get("version", ""),
            item.source,
            str(item.version) == candidate,
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
