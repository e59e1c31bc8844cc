"""MLflow: logs a run and registers a bundle as a model version."""

import os
from collections.abc import Mapping
from pathlib import Path

from metrify.config import Home, MetrifyConfig
from metrify.errors import TrackingError

CANDIDATE = "candidate"


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
    uri = tracking_uri(home, config)
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


def point_candidate_at(home: Home, config: MetrifyConfig, name: str, version: str) -> None:
    """Points the `candidate` alias at a registered bundle.

    Raises:
        TrackingError: The bundle is not registered, or MLflow can't be reached or refuses.
    """
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    uri = tracking_uri(home, config)
    try:
        client = MlflowClient(tracking_uri=uri, registry_uri=uri)
        known = client.search_model_versions(f"name = '{name}' and tags.version = '{version}'")
        if not known:
            raise TrackingError(f"{version} is no registered version of {name}.", "Train it first.")
        client.set_registered_model_alias(name, CANDIDATE, known[0].version)
    except MlflowException as error:
        raise TrackingError(f"MLflow at {uri} refused: {error.message}.", "Check mlflow.tracking_uri.") from error


def tracking_uri(home: Home, config: MetrifyConfig) -> str:
    """MLflow's address: MLFLOW_TRACKING_URI, or the configured one."""
    return os.environ.get("MLFLOW_TRACKING_URI") or home.tracking_uri(config.mlflow.tracking_uri)
