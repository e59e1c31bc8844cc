"""Kernels work where nothing can be written, and nothing imports Numba before a kernel is used."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from metrify.features import compiled

KERNEL = """
import numpy as np
from compiled import compiled

@compiled
def double(values):
    return values * 2

print(double(np.arange(3)).tolist(), double.stats.cache_path)
"""


def run(code: str, folder: Path, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-B", "-c", code] if not code.endswith(".py") else [sys.executable, "-B", code],
        env={**os.environ, **environment},
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """A program with a kernel, in a folder of its own."""
    folder = tmp_path / "program"
    folder.mkdir()
    shutil.copy(Path(compiled.__file__), folder)
    (folder / "kernel.py").write_text(KERNEL, encoding="utf-8")
    return folder


def test_machine_code_is_kept_beside_the_source(program: Path) -> None:
    assert run("kernel.py", program) == f"[0, 2, 4] {program / '__pycache__'}"
    assert list((program / "__pycache__").glob("*.nbc"))


def test_a_kernel_runs_where_nothing_can_be_written(program: Path) -> None:
    (program / "__pycache__").touch()  # a file where the folder should be stops the superuser, too
    nowhere = str(program / "__pycache__" / "below")
    assert run("kernel.py", program, HOME=nowhere, XDG_CACHE_HOME=nowhere) == "[0, 2, 4] None"


def test_the_specification_does_not_import_numba(tmp_path: Path) -> None:
    code = "import sys, metrify.features.specification, metrify.features.panel; print('numba' in sys.modules)"
    assert run(code, tmp_path) == "False"
