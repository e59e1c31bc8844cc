"""The entry point in this process: one of its own imports for a second before it does anything."""

import contextlib
import io
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

import pytest

from metrify.cli.main import main

RunMain = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def run_main() -> RunMain:
    """Runs `metrify` in a home and a folder; returns what a process would, and leaves this one as it was."""

    def run(home: Path, folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        stdout, stderr, code = io.StringIO(), io.StringIO(), 0
        on_term = signal.getsignal(signal.SIGTERM)
        with (
            patch.dict(os.environ, {"METRIFY_HOME": str(home), "NO_COLOR": "1", **environment}),
            patch("sys.argv", ["-m", *arguments]),
            contextlib.chdir(folder),
            contextlib.redirect_stdout(stdout),
            contextlib.redirect_stderr(stderr),
        ):
            try:
                main()
            except SystemExit as ended:
                code = int(ended.code or 0)
            finally:
                signal.signal(signal.SIGTERM, on_term)
        return subprocess.CompletedProcess(arguments, code, stdout.getvalue(), stderr.getvalue())

    return run
