"""`pilito doctor`: runs all checks and prints their results."""

from collections.abc import AsyncIterator
from typing import Any

import typer
from alembic.config import Config
from rich.console import Console

from commands.doctor.clocks import check_clocks
from commands.doctor.configuration import check_settings
from commands.doctor.disk import check_disk
from commands.doctor.embeddings import check_embeddings
from commands.doctor.postgres import check_postgres
from commands.doctor.public_address import check_public_address
from commands.doctor.result import MARKS, CheckResult, State
from commands.doctor.temporal import check_temporal
from commands.environment import run, settings
from commands.migrations import alembic
from commands.output import AsJson, clean, print_json
from settings import Settings


def doctor(as_json: AsJson = False) -> None:  # noqa: FBT002 - a command line flag
    """Check the installation and say what to fix. Exits with 1 if a check fails, with 0 after warnings."""
    configured = settings(adopt=True)

    async def work() -> list[CheckResult]:
        results = []
        async for result in examine(configured, alembic(configured)):
            results.append(result)
            if not as_json:
                _print(result)
        return results

    results = run(work())
    if as_json:
        print_json([_fields(result) for result in results])
    raise typer.Exit(1 if any(result.state is State.FAILED for result in results) else 0)


def _print(result: CheckResult) -> None:
    console = Console()
    console.print(
        f"{MARKS[result.state]} {result.subject}: {clean(result.said)}", markup=False, highlight=False
    )
    if result.advice:
        console.print(f"  → {clean(result.advice)}", markup=False, highlight=False)


def _fields(result: CheckResult) -> dict[str, Any]:
    return {
        "subject": result.subject,
        "state": result.state,
        "said": result.said,
        "advice": result.advice or None,
    }


async def examine(settings: Settings, alembic: Config) -> AsyncIterator[CheckResult]:
    """Yields the result of each check as soon as it is known."""
    yield check_settings()
    async for result in check_postgres(settings, alembic):
        yield result
    async for result in check_temporal(settings):
        yield result
    async for result in check_clocks(settings):
        yield result
    yield await check_embeddings(settings)
    yield await check_public_address(settings)
    yield await check_disk(settings)
