"""`pilito worker`."""

import os
from typing import Annotated

import typer

import worker as worker_process
from commands.environment import settings
from commands.processes.fitness import check_database
from observability import logs
from temporal import client as runtime


def worker(
    only: Annotated[
        worker_process.Share | None,
        typer.Option(help="Process only events or only bulk syncs; other workers must do the rest."),
    ] = None,
) -> None:
    """Process events and bulk syncs."""
    configured = settings()
    logs.configure(configured.log_format)
    check_database(configured)
    if only is worker_process.Share.BULK:
        os.nice(worker_process.COURTESY)
    runtime.install(configured.worker_metrics_address)
    worker_process.main(only)
