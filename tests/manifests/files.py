"""Where the YAML files of the cluster lie."""

from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
RUNTIME = ROOT / "inference_services" / "serving-runtime"
SERVICES = [ROOT / "inference_services" / name for name in ("anomaly-detector", "grid-optimizer", "load-forecaster")]
MANIFESTS = ROOT / "manifests"
OVERLAYS = sorted(path.parent for path in MANIFESTS.glob("overlays/*/kustomization.yaml"))

Document = dict[str, Any]


def load(path: Path) -> Document:
    """The one document of a YAML file."""
    return yaml.safe_load(path.read_text(encoding="utf-8"))
