import socket
from types import SimpleNamespace

import pytest

from inference_services.local import ports
from inference_services.local.ports import ReservedPort

HOST = "127.0.0.1"


@pytest.fixture
def offered(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The ports that the system offers one after another, which are the same for a service that asks too early."""
    numbers: list[int] = []

    class Probe(socket.socket):
        def getsockname(self) -> tuple[str, int]:
            return HOST, numbers.pop(0)

    monkeypatch.setattr(ports, "socket", SimpleNamespace(socket=Probe))
    return numbers


def test_no_port_is_given_twice_before_its_server_has_taken_it(offered: list[int]) -> None:
    offered += [40_001, 40_001, 40_002]
    with ReservedPort(HOST) as first, ReservedPort(HOST) as second:
        assert [first.number, second.number] == [40_001, 40_002]


def test_a_port_is_given_again_when_its_service_has_ended(offered: list[int]) -> None:
    offered += [40_003, 40_003]
    with ReservedPort(HOST):
        pass
    with ReservedPort(HOST) as again:
        assert again.number == 40_003
