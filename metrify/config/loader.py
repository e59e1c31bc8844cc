"""Reads `ml_config.yaml` and says in one line what is wrong with it."""

from importlib import resources
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from metrify.config.schema import MetrifyConfig
from metrify.errors import ConfigError

DEFAULT_CONFIG_NAME = "ml_config.yaml"


def default_config_text() -> str:
    """The text of the default `ml_config.yaml` that ships with the package."""
    return resources.files("metrify.config").joinpath(DEFAULT_CONFIG_NAME).read_text(encoding="utf-8")


def default_config() -> MetrifyConfig:
    """The default configuration."""
    return parse_config(default_config_text(), DEFAULT_CONFIG_NAME)


def load_config(path: Path | None) -> MetrifyConfig:
    """Reads a configuration file; keys that it leaves out keep their defaults.

    Args:
        path: A YAML file, or None for the default configuration.

    Raises:
        ConfigError: The file is missing, is no YAML, or has an unknown key or a bad value.
    """
    if path is None:
        return default_config()
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"The configuration {path} can't be read: {error.strerror}.", "Check the path.") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"The configuration {path} is no UTF-8 text.", "Save it as UTF-8.") from error
    return parse_config(text, str(path))


def parse_config(text: str, name: str = "configuration") -> MetrifyConfig:
    """Validates configuration text.

    Args:
        text: YAML.
        name: What the text is called in errors.

    Raises:
        ConfigError: The text is no YAML mapping, or has an unknown key or a bad value.
    """
    try:
        values: Any = yaml.safe_load(text) or {}
    except yaml.YAMLError as error:
        raise ConfigError(f"{name} is not YAML: {' '.join(str(error).split())}.", "Mend the syntax.") from error
    if not isinstance(values, dict):
        raise ConfigError(f"{name} is not a mapping of sections.", "Start from metrify/config/ml_config.yaml.")
    try:
        return MetrifyConfig.model_validate(values)
    except ValidationError as error:
        raise ConfigError(f"{name}: {_describe(error)}.", "Mend these keys.") from error


def _describe(error: ValidationError) -> str:
    parts = []
    for item in error.errors():
        key = ".".join(str(step) for step in item["loc"]) or "the file"
        reason = "unknown key" if item["type"] == "extra_forbidden" else item["msg"].removeprefix("Value error, ")
        parts.append(f"{key}: {reason}")
    return "; ".join(parts)
