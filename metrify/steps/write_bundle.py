"""Writes the signed bundle of an evaluated model."""

import hashlib
import json
from pathlib import Path

import pandas as pd

from metrify.bundles.manifest import FORECASTER_NAME, BundleManifest, Tensor
from metrify.bundles.signature import load_or_create_signing_key
from metrify.bundles.write import write_bundle as write_bundle_folder
from metrify.config import Home, MetrifyConfig
from metrify.features.specification import compute_features, specification_hash
from metrify.steps.fit_cold_start import read_cold_start
from metrify.steps.training_set import read_training_set


def write_bundle(
    training_set: Path,
    model: Path,
    metrics: Path,
    drift_reference: Path,
    thresholds: Path,
    model_card: Path,
    cold_start: Path,
    output: Path,
    config: MetrifyConfig,
    code_version: str,
    home: Home | None = None,
) -> str:
    """Writes the bundle into the home, `bundles/<name>/<version>`, and its folder's name into `output`.

    Args:
        training_set: Folder of `build_training_set`.
        model: ONNX file of `compress_forecaster`.
        metrics: File of `evaluate_forecaster`.
        drift_reference: File of `fit_drift_reference`.
        thresholds: File of `fit_drift_reference`.
        model_card: File of `write_model_card`.
        cold_start: File of `fit_cold_start`.
        output: Text file to write: the bundle's folder.
        config: What the model was trained with.
        code_version: Version of the code that trained it.
        home: Where bundles and the signing key lie.

    Returns:
        The bundle's version, `<model type>-<hash of the ONNX file>`.
    """
    home = home or Home.from_environment()
    data = read_training_set(training_set)
    parameters = config.training.consumption_forecasting
    features = data.features(config)
    example = compute_features(features, data.batch(data.rows("train")[:1]))
    origins = data.origins[data.rows("train")]
    version = f"{parameters.model_type}-{hashlib.sha256(model.read_bytes()).hexdigest()[:10]}"
    manifest = BundleManifest(
        name=FORECASTER_NAME,
        version=version,
        task="load-forecast",
        model_type=parameters.model_type,
        inputs=tuple(
            Tensor(name=feature.name, shape=(-1, *example[feature.name].shape[1:]), unit=feature.unit)
            for feature in features
        ),
        outputs=(
            Tensor(
                name="quantiles_kwh", shape=(-1, parameters.forecast_horizon, len(parameters.quantiles)), unit="kWh"
            ),
        ),
        features=tuple(feature.label for feature in features),
        feature_spec_hash=specification_hash(features),
        resolution_minutes=data.context.resolution_minutes,
        sequence_length=data.context.sequence_length,
        forecast_horizon=data.context.forecast_horizon,
        quantiles=parameters.quantiles,
        timezone=data.context.timezone,
        country=data.context.country,
        training_period=(f"{origins.min()}Z", f"{origins.max()}Z"),
        dataset_name=data.dataset_name,
        dataset_fingerprint=data.dataset_fingerprint,
        code_version=code_version,
        metrics=json.loads(metrics.read_text(encoding="utf-8")),
    )
    folder = home.bundles / FORECASTER_NAME / version
    write_bundle_folder(
        folder,
        manifest,
        model,
        pd.read_parquet(drift_reference),
        json.loads(thresholds.read_text(encoding="utf-8")),
        model_card.read_text(encoding="utf-8"),
        load_or_create_signing_key(home.keys),
        read_cold_start(cold_start),
    )
    output.write_text(str(folder), encoding="utf-8")
    return version
