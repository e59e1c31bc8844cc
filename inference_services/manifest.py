"""The parts of an InferenceService YAML that serving needs: models, split and environment (Standard mode)."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from metrify.errors import ConfigError
from metrify.experiments.assignment import CONTROL

SALT_ANNOTATION = "metrify.io/assignment-salt"


@dataclass(frozen=True)
class Canary:
    """One entry of `spec.canary`: its name, its share of the meters in percent and the storage URI of its bundle."""

    name: str
    percent: int
    storage_uri: str


@dataclass(frozen=True)
class ServiceManifest:
    """What an InferenceService says.

    Attributes:
        name: Of the service and its model.
        storage_uri: The control's bundle.
        canaries: In their order.
        salt: Of the assignment.
        arguments: Of the transformer's container.
        environment: Variables of the transformer's container.
    """

    name: str
    storage_uri: str
    canaries: tuple[Canary, ...]
    salt: str
    arguments: tuple[str, ...]
    environment: dict[str, str]

    @property
    def canary_percent(self) -> dict[str, int]:
        """Percentage of each canary by name."""
        return {canary.name: canary.percent for canary in self.canaries}


def read_manifest(path: Path) -> ServiceManifest:
    """Reads an InferenceService YAML.

    Raises:
        ConfigError: The file is missing, is no InferenceService, or its split does not fit.
    """
    mend = "Compare it with KServe's InferenceService schema."
    try:
        document: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"The manifest {path} can't be read: {error.strerror}.", "Check the path.") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{path} is not YAML: {' '.join(str(error).split())}.", "Mend the syntax.") from error
    try:
        manifest = _parse(document)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise ConfigError(f"{path} is no InferenceService that can be served: {error!r}.", mend) from error
    shares = manifest.canary_percent
    unique = len(shares) == len(manifest.canaries) and CONTROL not in shares
    if not unique or min(shares.values(), default=0) < 0 or sum(shares.values()) > 100:
        raise ConfigError(f"{path} has a split that does not fit: {shares}.", "Use unique names and 0 to 100 in all.")
    return manifest


def _parse(document: Any) -> ServiceManifest:
    metadata, spec = document["metadata"], document["spec"]
    canaries = tuple(
        Canary(
            str(entry["predictor"]["name"]),
            int(entry["trafficPercent"]),
            str(entry["predictor"].get("model", {}).get("storageUri", "")),
        )
        for entry in spec.get("canary") or ()
    )
    containers = (spec.get("transformer") or {}).get("containers") or [{}]
    environment = {item["name"]: str(item["value"]) for item in containers[0].get("env") or () if "value" in item}
    arguments = tuple(map(str, containers[0].get("args") or ()))
    salt = (metadata.get("annotations") or {}).get(SALT_ANNOTATION, metadata["name"])
    uri = str(spec["predictor"].get("model", {}).get("storageUri", ""))
    return ServiceManifest(str(metadata["name"]), uri, canaries, str(salt), arguments, environment)
