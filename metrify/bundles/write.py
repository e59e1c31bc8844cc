"""Writes a bundle folder in one step."""

import json
import shutil
import uuid
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from metrify.bundles.manifest import (
    COLD_START_FILE,
    DRIFT_REFERENCE_FILE,
    FEEDER_FILE,
    MANIFEST_FILE,
    MODEL_CARD_FILE,
    MODEL_FILE,
    THRESHOLDS_FILE,
    BundleManifest,
)
from metrify.bundles.signature import sign_folder
from metrify.features.cold_start import ColdStartProfile


def write_bundle(
    folder: Path,
    manifest: BundleManifest,
    model: Path,
    drift_reference: pd.DataFrame,
    thresholds: Mapping[str, object],
    model_card: str,
    key: Ed25519PrivateKey,
    cold_start: ColdStartProfile | None = None,
    feeder: str | None = None,
) -> None:
    """Writes and signs a bundle; `folder` is complete or it is not there.

    Args:
        folder: Where the bundle goes; one that is there is replaced.
        manifest: What `bundle.json` says.
        model: The ONNX file to copy.
        drift_reference: Rows of the reference population.
        thresholds: What `thresholds.json` says.
        model_card: Markdown that tells people what the model is.
        key: The signer's key.
        cold_start: What windows of new meters are completed by; without it, none of them is forecast.
        feeder: Text of the feeder that a controller is for.
    """
    partial = folder.with_name(f".{folder.name}.{uuid.uuid4().hex}")
    partial.mkdir(parents=True)
    try:
        (partial / MANIFEST_FILE).write_text(manifest.model_dump_json(indent=2) + "\n", encoding="utf-8")
        shutil.copyfile(model, partial / MODEL_FILE)
        drift_reference.to_parquet(partial / DRIFT_REFERENCE_FILE, index=False)
        (partial / THRESHOLDS_FILE).write_text(json.dumps(thresholds, indent=2) + "\n", encoding="utf-8")
        (partial / MODEL_CARD_FILE).write_text(model_card, encoding="utf-8")
        if cold_start is not None:
            (partial / COLD_START_FILE).write_text(cold_start.model_dump_json() + "\n", encoding="utf-8")
        if feeder is not None:
            (partial / FEEDER_FILE).write_text(feeder, encoding="utf-8")
        sign_folder(partial, key)
        shutil.rmtree(folder, ignore_errors=True)
        partial.replace(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
