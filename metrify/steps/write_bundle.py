"""Writes the signed bundle of an evaluated model."""

import hashlib
import json
from pathlib import Path

import pandas as pd

from metrify.bundles.manifest import BundleManifest
from metrify.bundles.signature import load_or_create_signing_key
from metrify.bundles.write import write_bundle as write_bundle_folder
from metrify.config import Home
from metrify.grid.feeder_files import FEEDER_FILE
from metrify.steps.bundle_description import read_description
from metrify.steps.fit_cold_start import read_cold_start


def write_bundle(
    description: Path,
    model: Path,
    metrics: Path,
    drift_reference: Path,
    thresholds: Path,
    model_card: Path,
    cold_start: Path | None,
    output: Path,
    code_version: str,
    home: Home | None = None,
    feeder: Path | None = None,
) -> str:
    """Writes the bundle into the home, `bundles/<name>/<version>`, and its folder's name into `output`.

    Args:
        description: File of the step that trained the model.
        model: ONNX file.
        metrics: JSON file of the step that evaluated it.
        drift_reference: File of `fit_drift_reference`.
        thresholds: File of `fit_drift_reference`; those of the description go beside them.
        model_card: Markdown file.
        cold_start: File of `fit_cold_start`; None where a model does without.
        output: Text file to write: the bundle's folder.
        code_version: Version of the code that trained the model.
        home: Where bundles and the signing key lie.
        feeder: Folder of `load_feeder`; None of a model that controls none.

    Returns:
        The bundle's version, `<model type>-<hash of the ONNX file>`.
    """
    home = home or Home.from_environment()
    described, own_thresholds = read_description(description)
    version = f"{described.model_type}-{hashlib.sha256(model.read_bytes()).hexdigest()[:10]}"
    manifest = BundleManifest(
        **described.model_dump(),
        version=version,
        code_version=code_version,
        metrics=json.loads(metrics.read_text(encoding="utf-8")),
    )
    folder = home.bundles / manifest.name / version
    write_bundle_folder(
        folder,
        manifest,
        model,
        pd.read_parquet(drift_reference),
        json.loads(thresholds.read_text(encoding="utf-8")) | own_thresholds,
        model_card.read_text(encoding="utf-8"),
        load_or_create_signing_key(home.keys),
        read_cold_start(cold_start) if cold_start else None,
        (feeder / FEEDER_FILE).read_text(encoding="utf-8") if feeder else None,
    )
    output.write_text(str(folder), encoding="utf-8")
    return version
