"""Describes a trained forecaster for its bundle."""

from metrify.bundles.manifest import FORECASTER_NAME, BundleDescription, Tensor
from metrify.config import MetrifyConfig
from metrify.features.specification import compute_features, specification_hash
from metrify.steps.training_set import TrainingSet


def describe_forecaster(data: TrainingSet, config: MetrifyConfig) -> BundleDescription:
    """What the bundle says of a forecaster that was trained with a training set.

    Args:
        data: The training set.
        config: What the model was trained with.
    """
    parameters = config.training.consumption_forecasting
    features = data.features(config)
    example = compute_features(features, data.batch(data.rows("train")[:1]))
    origins = data.origins[data.rows("train")]
    horizon, levels = parameters.forecast_horizon, len(parameters.quantiles)
    return BundleDescription(
        name=FORECASTER_NAME,
        task="load-forecast",
        model_type=parameters.model_type,
        inputs=tuple(
            Tensor(name=feature.name, shape=(-1, *example[feature.name].shape[1:]), unit=feature.unit)
            for feature in features
        ),
        outputs=(Tensor(name="quantiles_kwh", shape=(-1, horizon, levels), unit="kWh"),),
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
    )
