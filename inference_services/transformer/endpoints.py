"""Where the predictor of each variant listens."""

import json
from collections.abc import Callable
from pathlib import Path

from inference_services.transformer.watched_file import WatchedFile
from metrify.errors import ConfigError
from metrify.experiments.assignment import CONTROL

_CLUSTER_GRPC_PORT = 8081

Endpoints = Callable[[str], str | None]


def file_endpoints(path: Path) -> Endpoints:
    """Addresses from a JSON file `{variant: "host:port"}`, read again on change; None for an unknown variant."""
    watched = WatchedFile(path, _read)
    return lambda variant: watched.value().get(variant)


def cluster_endpoints(service: str) -> Endpoints:
    """The names that the control plane gives the predictors' Services."""

    def resolve(variant: str) -> str:
        host = f"{service}-predictor" if variant == CONTROL else f"{service}-{variant}-predictor"
        return f"{host}:{_CLUSTER_GRPC_PORT}"

    return resolve


def _read(path: Path) -> dict[str, str]:
    try:
        endpoints = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"The endpoints {path} can't be read.", "Write a JSON object of addresses.") from error
    if not isinstance(endpoints, dict) or not all(isinstance(item, str) for item in endpoints.values()):
        raise ConfigError(f"{path} is no JSON object of addresses.", 'Write {"control": "host:port"}.')
    return endpoints
