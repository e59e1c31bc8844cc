"""The model registry, for bundles."""

from pathlib import Path

from metrify.adapters.registry import RegisteredBundle, find_candidate, list_bundles
from metrify.adapters.tracked_run import TrackedDataset, TrainingRecord
from metrify.adapters.tracking import register_bundle
from metrify.bundles.load import load_bundle
from metrify.bundles.manifest import FORECASTER_NAME
from metrify.bundles.signature import PUBLIC_KEY_FILE, load_public_key
from metrify.config import Home, MetrifyConfig, load_config

_TAGS = ("version", "dataset_fingerprint", "feature_spec_hash", "code_version")
_PARAMETERS = ("model_type", "sequence_length", "forecast_horizon", "quantiles", "resolution_minutes")


class MlflowManager:
    """Registers and finds bundles.

    Args:
        home: Where a relative SQLite file lies.
        config: Tracking address and experiment.
    """

    def __init__(self, home: Home, config: MetrifyConfig) -> None:
        self._home, self._config = home, config

    def register_bundle(self, bundle: Path) -> int:
        """Registers a bundle with its metrics and makes it the candidate; returns its version in the registry.

        Raises:
            BundleError: The bundle is missing, changed or not signed with the home's key.
            TrackingError: MLflow can't be reached or refuses.
        """
        manifest = load_bundle(bundle, load_public_key(self._home.keys / PUBLIC_KEY_FILE)).manifest
        values = manifest.model_dump(mode="json")
        parameters, tags = ({key: values[key] for key in keys} for keys in (_PARAMETERS, _TAGS))
        dataset = TrackedDataset(manifest.dataset_name, manifest.dataset_fingerprint)
        record = TrainingRecord(parameters, manifest.metrics, dataset=dataset)
        return register_bundle(self._home, self._config, manifest.name, bundle, record, tags)

    def list_versions(self, name: str = FORECASTER_NAME) -> list[RegisteredBundle]:
        """All versions of a model, newest first; none where none was registered.

        Raises:
            TrackingError: MLflow can't be reached or refuses.
        """
        return list_bundles(self._home, self._config, name)

    def get_candidate(self, name: str = FORECASTER_NAME) -> RegisteredBundle:
        """The version that the `candidate` alias points at.

        Raises:
            TrackingError: There is none, or MLflow can't be reached.
        """
        return find_candidate(self._home, self._config, name)


def get_mlflow_manager(config: Path | None = None) -> MlflowManager:
    """The registry of the home that METRIFY_HOME names.

    Args:
        config: An ml_config.yaml; the default one without it.

    Raises:
        ConfigError: The file is not valid.
    """
    return MlflowManager(Home.from_environment(), load_config(config))
