"""`import metrify` is light, and its names are where it says."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import metrify

HEAVY = ("tensorflow", "mlflow", "feast", "pandas", "numpy", "pydantic")


def test_importing_metrify_imports_nothing_heavy() -> None:
    code = f"import sys, metrify; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", metrify.__all__)
def test_every_name_is_there_and_shown(name: str) -> None:
    assert getattr(metrify, name) is not None
    assert name in dir(metrify)


def test_a_name_that_is_not_there_is_named() -> None:
    with pytest.raises(AttributeError, match="no attribute 'GridOptimizationModel'"):
        _ = metrify.GridOptimizationModel  # type: ignore[attr-defined]


def test_type_checkers_see_the_same_names_in_the_same_places() -> None:
    stub = Path(metrify.__file__).with_suffix(".pyi")
    imported = {
        alias.asname: node.module
        for node in ast.parse(stub.read_text()).body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert imported == metrify._NOTEBOOK_API
