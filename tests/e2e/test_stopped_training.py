"""A training that is stopped, in whatever step it is."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import processes_of

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("step", ["ingest_readings", "materialise_features"])
def test_it_leaves_no_process(imported, tmp_path: Path, wait_until, step: str) -> None:
    home = tmp_path / "stopped"
    shutil.copytree(imported.home, home)
    environment = {**os.environ, "METRIFY_HOME": str(home)}
    command = [sys.executable, "-m", "metrify", "train", "--dataset", "village"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: any(f"function_to_execute\0{step}" in command for command in processes_of(home)), 120)
    finally:
        process.terminate()
    assert process.wait(20) == 130
    wait_until(lambda: not processes_of(home), 10)  # Python's own resource tracker ends a moment after its process
