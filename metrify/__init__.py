"""Metrify: smart-meter readings become forecasts, anomaly events and grid actions.

The names of the notebook API are importable from here. They are resolved on first use, so that `import metrify`
stays free of TensorFlow, MLflow and Feast.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_NOTEBOOK_API: dict[str, str] = {}

__all__ = ["__version__", *_NOTEBOOK_API]  # noqa: PLE0604


def __getattr__(name: str) -> Any:
    if name not in _NOTEBOOK_API:
        raise AttributeError(f"module 'metrify' has no attribute {name!r}")
    return getattr(import_module(_NOTEBOOK_API[name]), name)
