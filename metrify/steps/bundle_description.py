"""What a training step tells the step that writes the bundle."""

import json
from collections.abc import Mapping
from pathlib import Path

from metrify.bundles.manifest import BundleDescription


def write_description(path: Path, description: BundleDescription, thresholds: Mapping[str, object]) -> None:
    """Writes the description of a trained model, and what goes into the bundle's thresholds for it."""
    values = {"description": description.model_dump(mode="json"), "thresholds": dict(thresholds)}
    path.write_text(json.dumps(values, indent=2), encoding="utf-8")


def read_description(path: Path) -> tuple[BundleDescription, dict[str, object]]:
    """Reads both."""
    values = json.loads(path.read_text(encoding="utf-8"))
    return BundleDescription.model_validate(values["description"]), values["thresholds"]
