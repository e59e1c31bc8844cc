"""Trains a detector of anomalous meter-days and exports it."""

import json
from pathlib import Path

import numpy as np

from metrify.bundles.manifest import DETECTOR_NAME, BundleDescription, Tensor
from metrify.config import Home, MetrifyConfig
from metrify.readings.dataset import fingerprint
from metrify.steps.bundle_description import write_description
from metrify.steps.measured_days import MeasuredDays, load_measured_days
from metrify.steps.progress import tell_progress
from metrify.steps.reuse import CONTROLLER_SECTION, SERVING_SECTIONS, reusable

_UNREAD = (*SERVING_SECTIONS, "training.consumption_forecasting", CONTROLLER_SECTION)


@reusable(outputs=("model", "curve", "description"), ignores=_UNREAD)
def train_detector(
    dataset: Path,
    verdicts: Path,
    model: Path,
    curve: Path,
    description: Path,
    config: MetrifyConfig,
    home: Home | None = None,
) -> dict[str, float]:
    """Fits the detector that `training.anomaly_detection.model_type` names, and its threshold, to training meters.

    Readings count as they were measured, also those that are kept out of forecasts: faults are what it is to find.

    Args:
        dataset: Dataset folder.
        verdicts: Folder of `validate_readings`, which says what meters are good enough.
        model: ONNX file to write.
        curve: JSON file to write: the losses by epoch or round of all that was fitted.
        description: JSON file to write: what the bundle says of the model.
        config: The detector, the splits, and what the feature store keeps.
        home: Where results of earlier runs are kept.

    Returns:
        Training meters, their days, and the threshold.

    Raises:
        AnomalyError: There are too few meters or days.
        ConfigError: A server would not find as many days in the feature store as the detector reads.
        DatasetError: The dataset or the verdicts can't be read.
    """
    from metrify.anomaly.training.train_detector import train_detector as train

    measured, parameters = load_measured_days(dataset, verdicts, config), config.training.anomaly_detection
    days = measured.days.choose(np.flatnonzero(~measured.is_test))
    trained = train(days, parameters, model, tell_progress)
    thresholds = {
        "threshold": trained.threshold,
        "max_missing_share": parameters.max_missing_share,
        "false_alarms_per_meter_month": parameters.false_alarms_per_meter_month,
    }
    curve.write_text(json.dumps(trained.curve, indent=2), encoding="utf-8")
    described = _describe(measured, model, config, fingerprint(dataset))
    write_description(description, described, {"anomaly": thresholds})
    meters, count = days.shape
    return {"training_meters": meters, "meter_days": meters * count, "threshold": trained.threshold}


def _describe(measured: MeasuredDays, model: Path, config: MetrifyConfig, digest: str) -> BundleDescription:
    from metrify.anomaly.detector_model import DetectorModel
    from metrify.anomaly.kinds import Kind
    from metrify.features.specification import FEATURES, specification_hash

    read = DetectorModel(model).input_names
    features = tuple(feature for feature in FEATURES if feature.name in read)
    first = np.zeros(1, int)
    example, days = measured.days.features(read, first, first), measured.days
    return BundleDescription(
        name=DETECTOR_NAME,
        task="anomaly-detection",
        model_type=config.training.anomaly_detection.model_type,
        inputs=tuple(
            Tensor(name=feature.name, shape=(-1, *example[feature.name].shape[1:]), unit=feature.unit)
            for feature in features
        ),
        outputs=(
            Tensor(name="score", shape=(-1,), unit="1"),
            Tensor(name="is_anomaly", dtype="BOOL", shape=(-1,), unit="1"),
            Tensor(name="kind_share", shape=(-1, len(Kind)), unit="1", labels=tuple(kind.value for kind in Kind)),
        ),
        features=tuple(feature.label for feature in features),
        feature_spec_hash=specification_hash(features),
        resolution_minutes=days.context.resolution_minutes,
        sequence_length=days.context.sequence_length,
        forecast_horizon=days.context.forecast_horizon,
        timezone=measured.info.timezone,
        country=measured.info.country,
        training_period=(f"{days.ends[0]:%Y-%m-%dT%H:%M:%SZ}", f"{days.ends[-1]:%Y-%m-%dT%H:%M:%SZ}"),
        dataset_name=measured.info.name,
        dataset_fingerprint=digest,
    )
