"""TCP ports of this machine."""

import socket
from itertools import chain
from random import SystemRandom

LOOPBACK = "127.0.0.1"

BACKLOG = 2048
"""Connections that wait until the process that listens takes them."""

NEVER_TAKEN = range(20_000, 32_768)
"""Ports that Linux and macOS give to no outgoing connection, which could have one before its server does."""


def free_ports(count: int) -> list[int]:
    """Returns so many different ports of 127.0.0.1 on which no process listens."""
    found: list[int] = []
    first = SystemRandom().randrange(len(NEVER_TAKEN))
    for port in chain(NEVER_TAKEN[first:], NEVER_TAKEN[:first]):
        if is_free(port):
            found.append(port)
        if len(found) == count:
            return found
    raise OSError(f"fewer than {count} of the ports {NEVER_TAKEN} are free")


def is_free(port: int, host: str = LOOPBACK) -> bool:
    """Returns whether a server could listen on this port of 127.0.0.1 now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind((host, port))
        except OSError:
            return False
    return True


def answers(port: int) -> bool:
    """Returns whether a process accepts connections on this port of 127.0.0.1."""
    with socket.socket() as attempt:
        attempt.settimeout(1)
        return attempt.connect_ex((LOOPBACK, port)) == 0


def listen(host: str, port: int) -> socket.socket:
    """Returns a socket that accepts connections on this port; raises OSError where it cannot."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=BACKLOG)
