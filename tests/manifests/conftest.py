"""The schemas of KServe's kinds, and kustomize."""

import os
import shutil
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from .files import ROOT, Document

CRDS = Path(os.environ.get("METRIFY_CRDS_DIR", ROOT.parent / "shared" / "crds"))


@cache
def _validator(kind: str, version: str) -> jsonschema.Draft202012Validator:
    path = CRDS / f"serving.kserve.io_{kind.lower()}s.yaml"
    if not path.exists():
        pytest.skip(f"there is no schema of {kind}: METRIFY_CRDS_DIR names no folder with the custom-resource schemas")
    with path.open("rb") as file:
        crd = yaml.load(file, yaml.CSafeLoader)  # the largest has 2 MB
    schemas = {item["name"]: item["schema"]["openAPIV3Schema"] for item in crd["spec"]["versions"]}
    schema = schemas[version]
    _close(schema["properties"]["spec"])
    return jsonschema.Draft202012Validator(schema)


def _close(schema: Any) -> None:
    """Refuses unknown keys, as `kubectl apply` does: a misspelt one would be dropped without a word."""
    if isinstance(schema, list):
        for item in schema:
            _close(item)
    elif isinstance(schema, dict):
        for item in schema.values():
            _close(item)
        open_ended = schema.get("x-kubernetes-preserve-unknown-fields") or "additionalProperties" in schema
        if isinstance(schema.get("properties"), dict) and schema.get("type") == "object" and not open_ended:
            schema["additionalProperties"] = False


@pytest.fixture
def require_valid() -> Callable[[Document], None]:
    """Fails with the path and the reason of each place where a KServe resource breaks its schema."""

    def check(document: Document) -> None:
        validator = _validator(document["kind"], document["apiVersion"].partition("/")[2])
        problems = [f"{error.json_path}: {error.message}"[:300] for error in validator.iter_errors(document)]
        assert not problems, "\n".join(problems)

    return check


@pytest.fixture
def build() -> Callable[[Path], list[Document]]:
    """Builds a kustomization."""
    commands = [["kustomize", "build"], ["kubectl", "kustomize"]]
    command = next((command for command in commands if shutil.which(command[0])), None)
    if command is None:
        pytest.skip("neither kustomize nor kubectl is installed")

    def run(folder: Path) -> list[Document]:
        done = subprocess.run([*command, str(folder)], capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        return list(yaml.safe_load_all(done.stdout))

    return run
