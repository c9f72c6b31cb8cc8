"""`pilito doctor`: runs all checks and prints their results."""

from collections.abc import AsyncIterator

import typer
from alembic.config import Config
from rich.console import Console

from commands.doctor.clocks import check_clocks
from commands.doctor.embeddings import check_embeddings
from commands.doctor.postgres import check_postgres
from commands.doctor.result import CheckResult
from commands.doctor.temporal import check_temporal
from commands.environment import alembic, run, settings
from settings import Settings


def doctor() -> None:
    """Check the servers this service needs, and say what to do. Exits with 1 if a check fails."""
    configured = settings(adopt=True)
    console = Console()

    async def print_all() -> int:
        failed = 0
        async for result in examine(configured, alembic(configured)):
            console.print(f"{'✗' if result.advice else '✓'} {result.subject}: {result.said}", markup=False)
            if result.advice:
                failed += 1
                console.print(f"  → {result.advice}", markup=False)
        return failed

    raise typer.Exit(1 if run(print_all()) else 0)


async def examine(settings: Settings, alembic: Config) -> AsyncIterator[CheckResult]:
    """Yields the result of each check as soon as it is known."""
    async for result in check_postgres(settings, alembic):
        yield result
    async for result in check_temporal(settings):
        yield result
    async for result in check_clocks(settings):
        yield result
    yield await check_embeddings(settings)
