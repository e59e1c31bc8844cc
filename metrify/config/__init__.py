"""Configuration: frozen models, the YAML loader and the default `ml_config.yaml`."""

from metrify.config.home import Home
from metrify.config.loader import default_config, load_config
from metrify.config.schema import MetrifyConfig

__all__ = ["Home", "MetrifyConfig", "default_config", "load_config"]
