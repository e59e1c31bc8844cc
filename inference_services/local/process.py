"""One served process: starts, becomes ready, ends with its starter."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import httpx

from inference_services.starter import EXIT_WITH_STARTER_VARIABLE
from metrify.errors import ServiceError

_KILL_AFTER_SECONDS = 10


class ServedProcess:
    """A Python module that runs as a server.

    The process reads end-of-file on its standard input once this one ends, however it ends, and then ends too.

    Args:
        name: What it is called in errors; its log is `<name>.log`.
        module: Run with `python -m`.
        arguments: Its arguments.
        environment: Variables on top of this process's.
        log_folder: Where its log goes.
        ready_url: Answers 200 once it is ready.
    """

    def __init__(
        self,
        name: str,
        module: str,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        log_folder: Path,
        ready_url: str,
    ) -> None:
        self.name, self._ready_url = name, ready_url
        self.log_path = log_folder / f"{name}.log"
        log_folder.mkdir(parents=True, exist_ok=True)
        with self.log_path.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", module, *arguments],
                env={**os.environ, **environment, EXIT_WITH_STARTER_VARIABLE: "1"},
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # a Ctrl-C reaches the starter alone, which then ends us in order
            )

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def is_ready(self) -> bool:
        """Whether it answers.

        Raises:
            ServiceError: It died; the message has the last line of its log.
        """
        self.require_alive()
        try:
            return httpx.get(self._ready_url, timeout=2, trust_env=False).status_code == 200
        except httpx.TransportError:
            return False

    def require_alive(self) -> None:
        """Checks that it runs.

        Raises:
            ServiceError: It died; the message has the last line of its log.
        """
        code = self._process.poll()
        if code is not None and code < 0:
            killer = signal.Signals(-code).name
            raise ServiceError(f"{self.name} was killed ({killer}).", f"Start it again; its log is {self.log_path}.")
        if code is not None:
            lines = self.log_path.read_text(encoding="utf-8", errors="replace").split("\n")
            last = next((line.strip() for line in reversed(lines) if line.strip()), "It wrote nothing.")
            raise ServiceError(f"{self.name} ended with code {code}: {last}", f"Its log is {self.log_path}.")

    def terminate(self) -> None:
        """Asks it to end."""
        if self._process.poll() is None:
            self._process.terminate()

    def wait(self) -> None:
        """Waits for its end, and forces it after 10 seconds."""
        try:
            self._process.wait(_KILL_AFTER_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()
