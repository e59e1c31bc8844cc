"""Reads `ml_config.yaml` and says in one line what is wrong with it."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import ValidationError

from metrify.config.schema import MetrifyConfig, Section
from metrify.errors import ConfigError

DEFAULT_CONFIG_NAME = "ml_config.yaml"

S = TypeVar("S", bound=Section)


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
    return default_config() if path is None else parse_config(_read_text(path), str(path))


def load_values(path: Path) -> dict[str, Any]:
    """The mapping that a configuration file holds.

    Raises:
        ConfigError: The file is missing, or is no YAML mapping.
    """
    return _parse_mapping(_read_text(path), str(path))


def parse_config(text: str, name: str = "configuration") -> MetrifyConfig:
    """Validates configuration text.

    Args:
        text: YAML.
        name: What the text is called in errors.

    Raises:
        ConfigError: The text is no YAML mapping, or has an unknown key or a bad value.
    """
    return validate_values(MetrifyConfig, _parse_mapping(text, name), name)


def validate_values(section: type[S], values: dict[str, Any], name: str) -> S:
    """Validates the values of a section.

    Args:
        section: What they are of.
        values: By key.
        name: What they are called in errors.

    Raises:
        ConfigError: A key is unknown, or a value is bad.
    """
    with config_errors_told(name, "Mend these keys."):
        return section.model_validate(values)


@contextmanager
def config_errors_told(name: str, mend: str) -> Iterator[None]:
    """Says in one line what is wrong with values that don't fit the configuration.

    Args:
        name: What the values are called.
        mend: What the user can do about them.

    Raises:
        ConfigError: In the place of the library's own error.
    """
    try:
        yield
    except ValidationError as error:
        raise ConfigError(f"{name}: {_describe(error)}.", mend) from error


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"The configuration {path} can't be read: {error.strerror}.", "Check the path.") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"The configuration {path} is no UTF-8 text.", "Save it as UTF-8.") from error


def _parse_mapping(text: str, name: str) -> dict[str, Any]:
    try:
        values: Any = yaml.safe_load(text) or {}
    except yaml.YAMLError as error:
        raise ConfigError(f"{name} is not YAML: {' '.join(str(error).split())}.", "Mend the syntax.") from error
    if not isinstance(values, dict):
        raise ConfigError(f"{name} is not a mapping of keys.", "Start from metrify/config/ml_config.yaml.")
    return values


def _describe(error: ValidationError) -> str:
    parts = []
    for item in error.errors():
        key = ".".join(str(step) for step in item["loc"]) or "the file"
        reason = "unknown key" if item["type"] == "extra_forbidden" else item["msg"].removeprefix("Value error, ")
        parts.append(f"{key}: {reason}")
    return "; ".join(parts)
