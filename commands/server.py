"""`pilito up`, `pilito api` and `pilito worker`: the programs that run until they are stopped."""

import os
import resource
from importlib.util import find_spec
from typing import Annotated

import typer
import uvicorn

import memory
import worker as worker_process
from api.app import create_app
from api.middleware.http_protocol import bounded
from commands.environment import fail, settings
from observability import logs
from temporal import client as runtime


def up() -> None:
    """Start all servers on this machine, with a sample shop, and run until Ctrl-C."""
    if not find_spec("embedded"):
        raise fail("This installation starts no servers: run `pilito api` and `pilito worker` with your own.")
    from embedded import stack, welcome  # not in the image

    raise typer.Exit(stack.run(settings(), on_ready=welcome.greet))


OTHER_FILES = 200
"""What the API opens besides the connections of clients, with a reserve."""


def _allow_files(number: int) -> None:
    """Raise the limit of open files to this number, as far as the system permits."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = number if hard == resource.RLIM_INFINITY else min(number, hard)
    if soft != resource.RLIM_INFINITY and soft < allowed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))


def api() -> None:
    """Serve the HTTP API."""
    configured = settings()
    logs.configure(configured.log_format)
    runtime.install()
    memory.return_large_blocks()
    _allow_files(2 * configured.max_connections + OTHER_FILES)
    uvicorn.run(
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


def worker(
    only: Annotated[
        worker_process.Share | None,
        typer.Option(help="Process only events or only bulk syncs; other workers must do the rest."),
    ] = None,
) -> None:
    """Process events and bulk syncs."""
    configured = settings()
    logs.configure(configured.log_format)
    if only is worker_process.Share.BULK:
        os.nice(worker_process.COURTESY)
    runtime.install(configured.worker_metrics_address)
    worker_process.main(only)
