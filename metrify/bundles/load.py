"""Loads a bundle: verified first, parsed second."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import ValidationError

from metrify.bundles.manifest import (
    COLD_START_FILE,
    DRIFT_REFERENCE_FILE,
    FEEDER_FILE,
    MANIFEST_FILE,
    MODEL_FILE,
    THRESHOLDS_FILE,
    BundleManifest,
)
from metrify.bundles.signature import verify_folder
from metrify.errors import BundleError
from metrify.features.cold_start import ColdStartProfile
from metrify.features.specification import Feature, features_from_labels, specification_hash


@dataclass(frozen=True)
class Bundle:
    """A verified bundle whose features this code can compute.

    Attributes:
        folder: Where it lies.
        manifest: What `bundle.json` says.
        features: The features it was trained with, in the manifest's order.
        cold_start: What windows of new meters are completed by; None in older bundles.
    """

    folder: Path
    manifest: BundleManifest
    features: tuple[Feature, ...]
    cold_start: ColdStartProfile | None

    @property
    def model_path(self) -> Path:
        """The ONNX file."""
        return self.folder / MODEL_FILE

    def drift_reference(self) -> pd.DataFrame:
        """Rows of the reference population."""
        return pd.read_parquet(self.folder / DRIFT_REFERENCE_FILE)

    def feeder_text(self) -> str | None:
        """The feeder that a controller is for, as the grid library wrote it; None of other models."""
        path = self.folder / FEEDER_FILE
        return path.read_text(encoding="utf-8") if path.is_file() else None

    def thresholds(self) -> dict[str, Any]:
        """What `thresholds.json` says."""
        return json.loads((self.folder / THRESHOLDS_FILE).read_text(encoding="utf-8"))


def require_folder(folder: Path) -> None:
    """Checks that there is a bundle at all.

    Raises:
        BundleError: There is none.
    """
    if not folder.is_dir():
        raise BundleError(f"There is no bundle {folder}.", "Train one with `metrify train`.")


def load_bundle(folder: Path, trusted_key: Ed25519PublicKey) -> Bundle:
    """Verifies a bundle and reads its manifest.

    Raises:
        BundleError: It is missing, unsigned, changed, not in the contract's form, or needs features that this code
            lacks.
    """
    require_folder(folder)
    verify_folder(folder, trusted_key)
    try:
        manifest = BundleManifest.model_validate_json((folder / MANIFEST_FILE).read_text(encoding="utf-8"))
    except ValidationError as error:
        keys = ", ".join(".".join(map(str, item["loc"])) for item in error.errors())
        raise BundleError(f"{folder / MANIFEST_FILE} is not in the contract's form: {keys}.", "Train again.") from error
    features = features_from_labels(manifest.features)
    if specification_hash(features) != manifest.feature_spec_hash:
        raise BundleError(
            f"The bundle {folder} was trained with another definition of {', '.join(manifest.features)}.",
            "Train again.",
        )
    return Bundle(folder, manifest, features, _read_cold_start(folder, manifest))


def _read_cold_start(folder: Path, manifest: BundleManifest) -> ColdStartProfile | None:
    path = folder / COLD_START_FILE
    if not path.is_file():
        return None
    try:
        profile = ColdStartProfile.model_validate_json(path.read_text(encoding="utf-8"))
    except ValidationError as error:
        raise BundleError(f"{path} is no profile: {error.errors()[0]['msg']}.", "Train again.") from error
    if profile.resolution_minutes != manifest.resolution_minutes:
        raise BundleError(
            f"{path} has intervals of {profile.resolution_minutes} minutes, and the model those of "
            f"{manifest.resolution_minutes}.",
            "Train again.",
        )
    return profile
