"""Ports of a local service."""

import socket

from metrify.errors import PortInUseError


def free_port(host: str) -> int:
    """A port that is free now."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


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
