"""Ports of a local service."""

import fcntl
import os
import socket
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from metrify.errors import PortInUseError


class ReservedPort:
    """A port that is free, and that no other local service of the user is given as long as this one is entered.

    A server takes its port seconds after it was chosen. Where another one has it by then, that one answers for it: so
    what is chosen is locked by a file.

    Args:
        host: That it is free on.

    Attributes:
        number: Of the port.
    """

    def __init__(self, host: str) -> None:
        folder = Path(tempfile.gettempdir()) / f"metrify-ports-{os.getuid()}"
        folder.mkdir(exist_ok=True)
        while True:
            with socket.socket() as probe:
                probe.bind((host, 0))
                self.number = int(probe.getsockname()[1])
            self._lock = (folder / str(self.number)).open("w")
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self._lock.close()
            else:
                return

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.close()


def require_free(host: str, port: int, option: str) -> None:
    """Checks that a port can be taken.

    Args:
        host: The host it is bound on.
        port: The port.
        option: What the user sets to choose another one.

    Raises:
        PortInUseError: It is taken.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise PortInUseError(
                f"Port {port} on {host} is taken.",
                f"End what uses it, or choose another {option}; 0 takes a free one.",
            ) from error
