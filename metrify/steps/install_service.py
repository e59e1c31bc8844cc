"""Puts a rendered InferenceService where `metrify serve` finds it."""

import shutil
from pathlib import Path

import yaml

from metrify.bundles.manifest import DETECTOR_NAME, FORECASTER_NAME, OPTIMIZER_NAME
from metrify.config import Home
from metrify.errors import ServiceError

_MENDS = {
    FORECASTER_NAME: "Run `metrify train` or `metrify demo` first.",
    DETECTOR_NAME: "Run `metrify train --models anomaly` first.",
    OPTIMIZER_NAME: "Run `metrify train --models grid` first.",
}


def service_path(home: Home, name: str = FORECASTER_NAME) -> Path:
    """The manifest of a service that is served locally."""
    return home.services / f"{name}.yaml"


def require_service(home: Home, name: str = FORECASTER_NAME) -> Path:
    """The manifest of an installed service.

    Raises:
        ServiceError: There is none.
    """
    path = service_path(home, name)
    if not path.is_file():
        mend = _MENDS.get(name, "Name one of the installed services, see `metrify rollout status`.")
        raise ServiceError(f"There is no service {path}.", mend)
    return path


def require_services(home: Home) -> list[Path]:
    """The manifests of all installed services.

    Raises:
        ServiceError: There is none.
    """
    return sorted(home.services.glob("*.yaml")) or [require_service(home)]


def install_service(rendered: Path, home: Home) -> Path:
    """Makes a rendered manifest the service of its name, with no canary; returns its path."""
    path = service_path(home, _name_of(rendered))
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    shutil.copyfile(rendered, partial)
    return partial.replace(path)


def install_first_service(rendered: Path, home: Home) -> tuple[Path, bool]:
    """Installs a rendered manifest unless a service is installed; returns its path, and whether it is new.

    A model that was just trained does not replace the one that is served. It becomes a canary first.
    """
    path = service_path(home, _name_of(rendered))
    return (path, False) if path.is_file() else (install_service(rendered, home), True)


def _name_of(rendered: Path) -> str:
    return str(yaml.safe_load(rendered.read_text(encoding="utf-8"))["metadata"]["name"])
