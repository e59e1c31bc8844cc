"""MLflow: registers a bundle as a model version, and says which versions are the candidate and the champion."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from metrify.adapters.tracked_run import TrainingRecord, is_run_given, log_training
from metrify.config import Home, MetrifyConfig
from metrify.errors import TrackingError

Alias = Literal["candidate", "champion"]
CANDIDATE: Alias = "candidate"  # what was trained last
CHAMPION: Alias = "champion"  # what was promoted last


def register_bundle(
    home: Home, config: MetrifyConfig, name: str, bundle: Path, record: TrainingRecord, tags: Mapping[str, str]
) -> int:
    """Logs a run with a bundle as its artifact, registers it, and points the `candidate` alias at it.

    A bundle that is registered already, by its `version` tag, is not registered again: the alias moves, and only a run
    that MLFLOW_RUN_ID names is logged into.

    Args:
        home: Where a relative SQLite file lies.
        config: Tracking address and experiment; MLFLOW_TRACKING_URI and MLFLOW_EXPERIMENT_NAME go before them.
        name: Name of the registered model.
        bundle: Bundle folder.
        record: What the run logs.
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
    try:
        client = MlflowClient(tracking_uri=uri, registry_uri=uri)
        known = client.search_model_versions(f"name = '{name}' and tags.version = '{tags['version']}'")
        if known:
            version = known[0]
            if is_run_given():
                log_training(client, home, config, bundle.name, record, bundle)
        else:
            run = log_training(client, home, config, bundle.name, record, bundle)
            if not client.search_registered_models(f"name = '{name}'"):
                client.create_registered_model(name)
            source = f"{run.info.artifact_uri}/bundle"
            version = client.create_model_version(name, source, run.info.run_id, tags=dict(tags))
        client.set_registered_model_alias(name, CANDIDATE, version.version)
    except MlflowException as error:
        raise TrackingError(f"MLflow at {uri} refused: {error.message}.", "Check mlflow.tracking_uri.") from error
    return int(version.version)


def point_alias_at(home: Home, config: MetrifyConfig, name: str, alias: Alias, version: str) -> None:
    """Points an alias at a registered bundle.

    Args:
        home: Where a relative SQLite file lies.
        config: Tracking address.
        name: Name of the registered model.
        alias: Which one.
        version: The bundle's version.

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
        client.set_registered_model_alias(name, alias, known[0].version)
    except MlflowException as error:
        raise TrackingError(f"MLflow at {uri} refused: {error.message}.", "Check mlflow.tracking_uri.") from error


def tracking_uri(home: Home, config: MetrifyConfig) -> str:
    """MLflow's address: MLFLOW_TRACKING_URI, or the configured one."""
    return os.environ.get("MLFLOW_TRACKING_URI") or home.tracking_uri(config.mlflow.tracking_uri)
