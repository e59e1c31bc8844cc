"""MLflow: logs a run, registers a bundle as a model version and finds it again."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from metrify.config import Home, MetrifyConfig
from metrify.errors import TrackingError

CANDIDATE = "candidate"


def candidate_version(home: Home, config: MetrifyConfig, name: str) -> tuple[str, str]:
    """Where MLflow is, and the version tag of the bundle that has the `candidate` alias.

    Raises:
        TrackingError: MLflow can't be reached, or has no candidate.
    """
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    uri = _tracking_uri(home, config)
    try:
        found = MlflowClient(tracking_uri=uri, registry_uri=uri).get_model_version_by_alias(name, CANDIDATE)
    except MlflowException as error:
        raise TrackingError(f"MLflow at {uri} has no candidate of {name}.", "Run `metrify train`.") from error
    return uri, found.tags["version"]


def register_bundle(
    home: Home,
    config: MetrifyConfig,
    name: str,
    bundle: Path,
    parameters: Mapping[str, object],
    metrics: Mapping[str, float],
    tags: Mapping[str, str],
) -> int:
    """Logs a run with a bundle as its artifact, registers it, and points the `candidate` alias at it.

    A bundle that is registered already, by its `version` tag, is not registered again; only the alias moves.

    Args:
        home: Where a relative SQLite file lies.
        config: Tracking address and experiment; MLFLOW_TRACKING_URI and MLFLOW_EXPERIMENT_NAME go before them.
        name: Name of the registered model.
        bundle: Bundle folder.
        parameters: What the model was trained with.
        metrics: Its accuracy, the baselines' beside it.
        tags: Tags of the model version.

    Returns:
        The version in the registry.

    Raises:
        TrackingError: MLflow can't be reached or refuses.
    """
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    home.root.mkdir(parents=True, exist_ok=True)
    uri = _tracking_uri(home, config)
    experiment = os.environ.get("MLFLOW_EXPERIMENT_NAME") or config.mlflow.experiment_name
    try:
        client = MlflowClient(tracking_uri=uri, registry_uri=uri)
        known = client.search_model_versions(f"name = '{name}' and tags.version = '{tags['version']}'")
        if known:
            client.set_registered_model_alias(name, CANDIDATE, known[0].version)
            return int(known[0].version)
        found = client.get_experiment_by_name(experiment)
        experiment_id = (
            found.experiment_id
            if found
            else client.create_experiment(experiment, artifact_location=(home.root / "mlflow_artifacts").as_uri())
        )
        run = client.create_run(experiment_id, run_name=bundle.name)
        run_id = run.info.run_id
        for key, value in parameters.items():
            client.log_param(run_id, key, value)
        for key, metric in metrics.items():
            client.log_metric(run_id, key, metric)
        client.log_artifacts(run_id, str(bundle), "bundle")
        if not client.search_registered_models(f"name = '{name}'"):
            client.create_registered_model(name)
        source = f"{run.info.artifact_uri}/bundle"
        version = client.create_model_version(name, source, run_id, tags=dict(tags))
        client.set_registered_model_alias(name, CANDIDATE, version.version)
        client.set_terminated(run_id)
    except MlflowException as error:
        raise TrackingError(f"MLflow at {uri} refused: {error.message}.", "Check mlflow.tracking_uri.") from error
    return int(version.version)


def _tracking_uri(home: Home, config: MetrifyConfig) -> str:
    return os.environ.get("MLFLOW_TRACKING_URI") or home.tracking_uri(config.mlflow.tracking_uri)


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

    uri = _tracking_uri(home, config)
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


def _tracking_uri(home: Home, config: MetrifyConfig) -> str:
    home.root.mkdir(parents=True, exist_ok=True)
    return os.environ.get("MLFLOW_TRACKING_URI") or home.tracking_uri(config.mlflow.tracking_uri)
