"""Metrify: smart-meter readings become forecasts, anomaly events and grid actions.

The names of the notebook API are importable from here. They are resolved on first use, so that `import metrify`
stays free of TensorFlow, MLflow and Feast. `__init__.pyi` tells type checkers what they are.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_NOTEBOOK_API: dict[str, str] = {
    "ABTestConfig": "metrify.notebook.ab_tests",
    "ConsumptionForecastingModel": "metrify.notebook.forecasting",
    "ConsumptionModelConfig": "metrify.notebook.forecasting",
    "FeatureConfig": "metrify.notebook.features",
    "FeatureEngineeringPipeline": "metrify.notebook.features",
    "FeatureStore": "metrify.notebook.feature_store",
    "FeatureStoreConfig": "metrify.notebook.feature_store",
    "ModelServer": "metrify.notebook.serving",
    "ServerConfig": "metrify.notebook.serving",
    "get_ab_test_manager": "metrify.notebook.ab_tests",
    "get_mlflow_manager": "metrify.notebook.tracking",
}

__all__ = ["__version__", *_NOTEBOOK_API]  # noqa: PLE0604


def __getattr__(name: str) -> Any:
    if name not in _NOTEBOOK_API:
        raise AttributeError(f"module 'metrify' has no attribute {name!r}")
    return getattr(import_module(_NOTEBOOK_API[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
