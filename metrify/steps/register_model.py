"""Registers a bundle in MLflow as the candidate."""

import json
from pathlib import Path

from metrify.adapters.tracking import register_bundle
from metrify.bundles.manifest import MANIFEST_FILE
from metrify.config import Home, MetrifyConfig
from metrify.steps.lock import locked


def register_model(bundle: Path, config: MetrifyConfig, home: Home | None = None) -> int:
    """Registers a bundle with its parameters and metrics; returns the version in the registry.

    Args:
        bundle: Text file of `write_bundle`, which names the folder.
        config: Tracking and training sections.
        home: Where the stores lie.

    Raises:
        TrackingError: MLflow can't be reached or refuses.
    """
    home = home or Home.from_environment()
    folder = Path(bundle.read_text(encoding="utf-8"))
    manifest = json.loads((folder / MANIFEST_FILE).read_text(encoding="utf-8"))
    tags = {key: manifest[key] for key in ("version", "dataset_fingerprint", "feature_spec_hash", "code_version")}
    parameters = config.training.consumption_forecasting.model_dump()
    with locked(home.root / "registry.lock"):  # MLflow makes its tables on first use, and two can't at once
        return register_bundle(home, config, manifest["name"], folder, parameters, manifest["metrics"], tags)
