"""Ports for servers that are about to start."""

import socket

import pytest

from embedded import ports
from embedded.ports import LOOPBACK, free_ports, is_free


def test_ports_differ_and_are_free() -> None:
    found = free_ports(50)
    assert len(set(found)) == 50
    assert all(is_free(port) for port in found)


def test_a_port_with_a_server_is_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as server:
        first, *others = free_ports(3)
        server.bind((LOOPBACK, first))
        server.listen()
        monkeypatch.setattr(ports, "NEVER_TAKEN", [first, *others])
        assert sorted(free_ports(2)) == sorted(others)
        with pytest.raises(OSError, match="fewer than 3"):
            free_ports(3)
