"""A real nginx with the shipped configuration before API processes that are started and stopped."""

import asyncio
import os
import pwd
import shutil
import socket
import ssl
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest

from embedded.ports import free_ports
from tests.support.environment import ROOT
from tests.support.eventually import eventually
from tests.support.network.certificates import contexts

NAME = "sync.example"
SHIPPED = ROOT / "deploy" / "nginx" / "pilito.conf"

MAIN = """
daemon off;
user {user};
pid {folder}/nginx.pid;
error_log stderr;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/pilito.conf;
}}
"""


def program() -> str:
    """Returns the path of nginx. In CI it is there; elsewhere a machine without it skips the test."""
    found = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if found:
        return found
    lacking = "needs nginx: apt-get install --no-install-recommends nginx"
    if os.environ.get("CI"):
        pytest.fail(lacking, pytrace=False)
    pytest.skip(lacking)


ACTIVATED = """
import os, sys
os.dup2(int(os.environ["LISTENER"]), 3)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""
"""Starts a program as systemd does for a socket unit: descriptor 3 is the listening socket."""


class ApiProcess:
    """`pilito api` on a port of 127.0.0.1, in a process of its own.

    With `activated`, the port stays open while the process restarts, as that of a socket unit of systemd.
    """

    def __init__(self, environment: Mapping[str, str], *, activated: bool = False) -> None:
        (self.port,) = free_ports(1)
        self.listener = socket.create_server(("127.0.0.1", self.port)) if activated else None
        self._environment = {**environment, "PILITO_API_PORT": str(self.port), "PATH": os.environ["PATH"]}
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start the process; returns when it answers."""
        command = [str(ROOT / "cli.py"), "api"]
        inherited = [self.listener.fileno()] if self.listener else []
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, *(["-c", ACTIVATED] if inherited else []), *command),
            env={**self._environment, "LISTENER": str(*inherited)},
            pass_fds=inherited,
            cwd=ROOT,
        )
        await _answering(f"http://127.0.0.1:{self.port}/healthz")

    async def stop(self) -> None:
        """End the process as a service manager does; returns when it has ended."""
        if self._process and self._process.returncode is None:
            self._process.terminate()
            assert await self._process.wait() in (0, -15)


@asynccontextmanager
async def nginx(folder: Path, *ports: int) -> AsyncIterator[httpx2.AsyncClient]:
    """Run nginx before these ports. Yields a client of its address that trusts its certificate."""
    _, trusting = contexts(folder, NAME)
    plain, secure = free_ports(2)
    certificate = folder / "certificate.pem"
    text = SHIPPED.read_text()
    for shipped, ours in {
        "127.0.0.1:8000": f"127.0.0.1:{ports[0]}",
        "127.0.0.1:8001": f"127.0.0.1:{ports[1]}",
        "listen 80;": f"listen 127.0.0.1:{plain};",
        "listen 443 ssl;": f"listen 127.0.0.1:{secure} ssl;",
        f"/etc/letsencrypt/live/{NAME}/fullchain.pem": str(certificate),
        f"/etc/letsencrypt/live/{NAME}/privkey.pem": str(certificate),
    }.items():
        assert text.count(shipped) == 1, shipped
        text = text.replace(shipped, ours)
    (folder / "pilito.conf").write_text(text)
    main = folder / "nginx.conf"
    main.write_text(MAIN.format(folder=folder, user=pwd.getpwuid(os.geteuid()).pw_name))
    process = await asyncio.create_subprocess_exec(program(), "-c", main, "-p", folder, "-e", "stderr")
    try:
        await _answering(f"https://127.0.0.1:{secure}/metrics", trusting)
        async with _client(f"https://127.0.0.1:{secure}", trusting) as http:
            yield http
    finally:
        process.terminate()
        await process.wait()


def _client(address: str, trusting: ssl.SSLContext | None) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(base_url=address, verify=trusting or True, headers={"Host": NAME}, timeout=90)


async def _answering(address: str, trusting: ssl.SSLContext | None = None) -> None:
    async with _client(address, trusting) as http:

        async def answers() -> bool:
            try:
                await http.get("")
            except httpx2.TransportError:
                return False
            return True

        await eventually(answers, what=address)
