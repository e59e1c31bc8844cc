"""Writes each component's README from its metadata, its KFP spec and the step that it calls.

`python -m components.readme` writes them; with `--check` it writes nothing and fails if one is out of date.
"""

import argparse
import ast
import datetime
import importlib
import inspect
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict

FOLDER = Path(__file__).parent
STEPS = FOLDER.parent / "metrify" / "steps"


class Dependency(BaseModel):
    """A platform that the component needs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    version: str


class Dependencies(BaseModel):
    """What the component needs beside its image, in the groups of kubeflow/pipelines-components."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kubeflow: list[Dependency]


class Metadata(BaseModel):
    """The shape of `metadata.yaml`; inputs and outputs are not in it, they are the component's signature."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    description: str
    tier: Literal["core", "third_party"]
    stability: Literal["alpha", "beta", "stable"]
    owners: list[str]
    dependencies: Dependencies
    tags: list[str]
    lastVerified: datetime.date  # noqa: N815 - the key's name is theirs


def component_folders() -> list[Path]:
    """The folders of all components, by name."""
    return sorted(path.parent for path in FOLDER.glob("*/component.py"))


def read_metadata(folder: Path) -> Metadata:
    """Reads a component's `metadata.yaml`."""
    return Metadata.model_validate(yaml.safe_load((folder / "metadata.yaml").read_text(encoding="utf-8")))


def render(folder: Path) -> str:
    """The README of a component."""
    name = folder.name
    metadata = read_metadata(folder)
    spec = getattr(importlib.import_module(f"components.{name}.component"), name).component_spec
    needs = ", ".join(f"{item.name} {item.version}" for item in metadata.dependencies.kubeflow)
    parts = [
        "<!-- Written by `python -m components.readme`. Change metadata.yaml, component.py or the step instead. -->",
        f"# {metadata.name}",
        metadata.description,
        f"## Inputs\n\n{_table(spec.inputs or {})}",
        f"## Outputs\n\n{_table(spec.outputs or {})}",
        f"## Step\n\n`metrify.steps.{name}.{name}`\n\n```text\n{_step_docstring(name)}\n```",
        "## Metadata\n\n"
        f"- Tier: {metadata.tier}\n"
        f"- Stability: {metadata.stability}\n"
        f"- Owners: {', '.join(metadata.owners)}\n"
        f"- Needs: {needs}\n"
        f"- Tags: {', '.join(metadata.tags)}\n"
        f"- Last verified: {metadata.lastVerified}",
    ]
    return "\n\n".join(parts) + "\n"


def stale_readmes(folders: Sequence[Path]) -> list[Path]:
    """READMEs that are missing or not what `render` gives."""
    readmes = [folder / "README.md" for folder in folders]
    return [path for path in readmes if not path.exists() or path.read_text(encoding="utf-8") != render(path.parent)]


def main(arguments: Sequence[str] | None = None) -> int:
    """Writes the READMEs that are out of date, or with `--check` lists them and returns 1."""
    parser = argparse.ArgumentParser(description="Writes the components' READMEs.")
    parser.add_argument("--check", action="store_true", help="Write nothing; fail if a README is out of date.")
    check = parser.parse_args(arguments).check
    stale = stale_readmes(component_folders())
    for path in stale:
        print(f"{'out of date' if check else 'written'}: components/{path.relative_to(FOLDER)}")
        if not check:
            path.write_text(render(path.parent), encoding="utf-8")
    if check and stale:
        print("Run `python -m components.readme`.", file=sys.stderr)
    return int(check and bool(stale))


def _table(fields: Mapping[str, Any]) -> str:
    if not fields:
        return "None."
    rows = [f"| `{name}` | {_type_name(field.type)} |" for name, field in fields.items()]
    return "\n".join(["| name | type |", "| --- | --- |", *rows])


def _type_name(kfp_type: str) -> str:
    """`system.Dataset@0.0.1` is Dataset."""
    return kfp_type.removeprefix("system.").partition("@")[0]


def _step_docstring(name: str) -> str:
    """The docstring of the step, read and not imported: importing some steps takes seconds."""
    tree = ast.parse((STEPS / f"{name}.py").read_text(encoding="utf-8"))
    step = next(node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == name)
    return inspect.cleandoc(ast.get_docstring(step) or "")


if __name__ == "__main__":
    sys.exit(main())
