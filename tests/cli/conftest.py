"""The entry point in this process: one of its own imports for a second before it does anything."""

import contextlib
import io
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from metrify.adapters.feature_repository import STORE_VARIABLE
from metrify.cli.main import main

RunMain = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def run_main() -> RunMain:
    """Runs `metrify` in a home and a folder; returns what a process would, and leaves this one as it was."""

    def run(home: Path, folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        stdout, stderr, code = io.StringIO(), io.StringIO(), 0
        on_term = signal.getsignal(signal.SIGTERM)
        # The adapter of the feature store names its folder in the environment; other tests must not see it.
        variables = {"METRIFY_HOME": str(home), "NO_COLOR": "1", STORE_VARIABLE: "", **environment}
        with (
            pytest.MonkeyPatch.context() as patch,
            contextlib.redirect_stdout(stdout),
            contextlib.redirect_stderr(stderr),
        ):
            for name, value in variables.items():
                patch.setenv(name, value)
            patch.setattr("sys.argv", ["-m", *arguments])
            patch.chdir(folder)
            try:
                main()
            except SystemExit as ended:
                code = int(ended.code or 0)
            finally:
                signal.signal(signal.SIGTERM, on_term)
        return subprocess.CompletedProcess(arguments, code, stdout.getvalue(), stderr.getvalue())

    return run
