"""Manifests of made-up forecasters, for tests that write bundles."""

from metrify.bundles.manifest import BundleManifest, Tensor
from metrify.features.specification import features_from_labels, specification_hash

DAY = 24


def make_manifest(
    features: tuple[str, ...], inputs: tuple[Tensor, ...], quantiles: tuple[float, ...], length: int, **others: object
) -> BundleManifest:
    """A forecaster of the next 24 hours from so many hours before; other fields can be given, too."""
    known = features_from_labels(features)
    return BundleManifest.model_validate(
        {
            "name": "load-forecaster",
            "version": "made-up-1",
            "task": "load-forecast",
            "model_type": "gru",
            "inputs": inputs,
            "outputs": (Tensor(name="quantiles_kwh", shape=(-1, DAY, len(quantiles)), unit="kWh"),),
            "features": features,
            "feature_spec_hash": specification_hash(known),
            "resolution_minutes": 60,
            "sequence_length": length,
            "forecast_horizon": DAY,
            "quantiles": quantiles,
            "timezone": "Europe/Berlin",
            "country": "DE",
            "training_period": ("2023-01-01T00:00:00Z", "2024-01-01T00:00:00Z"),
            "dataset_name": "made-up",
            "dataset_fingerprint": "0" * 64,
            "code_version": "test",
            "metrics": {"pinball": 1.0},
            **others,
        }
    )


def window_input(length: int) -> Tensor:
    """The input that every forecaster has."""
    return Tensor(name="load_window", shape=(-1, length), unit="kWh")
