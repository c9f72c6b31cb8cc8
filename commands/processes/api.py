"""`pilito api`."""

import os
import resource
import socket

import typer
import uvicorn

import memory
from api.app import create_app
from api.middleware.http_protocol import bounded
from commands.environment import fail, settings
from commands.processes.fitness import check_database
from embeddings.registry import create_embedder
from observability import logs
from temporal import client as runtime
from temporal.connecting import security

FIRST_INHERITED = 3
"""The descriptor of the first listening socket that systemd hands over."""

OTHER_FILES = 200
"""What the API opens besides the connections of clients, with a reserve."""


def _allow_files(number: int) -> None:
    """Raise the limit of open files to this number, as far as the system permits."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = number if hard == resource.RLIM_INFINITY else min(number, hard)
    if soft != resource.RLIM_INFINITY and soft < allowed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))


def _check_port(host: str, port: int) -> None:
    """Exit with a sentence if the API cannot listen there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host, port), family=family).close()
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        raise fail(
            f"The API cannot listen on {host}, port {port}: {reason}. Stop the program that listens there, or"
            " change PILITO_API_HOST and PILITO_API_PORT."
        ) from None


def _inherited_listener() -> socket.socket | None:
    """Returns the listening socket this process was started with, by systemd or by `pilito up`."""
    mine = os.environ.get("LISTEN_PID") == str(os.getpid()) and os.environ.get("LISTEN_FDS") == "1"
    return socket.socket(fileno=FIRST_INHERITED) if mine else None


def api() -> None:
    """Serve the HTTP API."""
    configured = settings()
    if not configured.database_url or not configured.temporal_address:
        raise fail("Set PILITO_DATABASE_URL and PILITO_TEMPORAL_ADDRESS, or use `pilito up`.")
    if not configured.secret_keys:
        raise fail("Set PILITO_SECRET_KEY: without it users cannot sign in.")
    logs.configure(configured.log_format)
    listener = _inherited_listener()
    if listener is None:
        _check_port(configured.api_host, configured.api_port)
    check_database(configured)
    runtime.install()
    memory.return_large_blocks()
    create_embedder(configured)  # ends the program with a sentence instead of an error inside of the server
    security(configured)  # the same, for files of certificates that cannot be read
    _allow_files(2 * configured.max_connections + OTHER_FILES)
    config = uvicorn.Config(
        create_app(configured),
        host=configured.api_host,
        port=configured.api_port,
        loop="uvloop",
        http=bounded(configured.request_timeout_seconds, configured.max_connections),
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=3,
    )
    server = uvicorn.Server(config)
    server.run(sockets=[listener] if listener else None)
    if not server.started:
        raise typer.Exit(3)
