"""`pilito doctor`: checks of Postgres, Temporal and the embeddings API, with advice for each that fails."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

import typer
from alembic.config import Config
from alembic.script import ScriptDirectory
from rich.console import Console
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection
from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.service import RPCError

from commands.environment import alembic, run, settings
from contracts.ids import SEARCH_ATTRIBUTES, embedding_label
from database import health
from database.chunks.vector_index import index_name
from database.engine import Database, create_engine
from database.events import stalled
from embeddings.registry import SETTINGS, create_embedder, is_configured
from settings import Settings
from temporal.client import connect

OVERDUE = timedelta(hours=1)
NAMED = 5
"""At most so many unfinished events are listed; the others are only counted."""

EMBED_WITHIN = 15.0
"""Seconds the embedding service may take to answer."""

OLDEST_VECTOR = (0, 8, 4)
"""In older versions, vacuuming an HNSW index could damage it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """The result of one check; `advice` is empty if nothing is wrong."""

    subject: str
    said: str
    advice: str = ""


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
    async for result in _postgres(settings, alembic):
        yield result
    async for result in _temporal(settings):
        yield result
    yield await _embeddings(settings)


async def _postgres(settings: Settings, alembic: Config) -> AsyncIterator[CheckResult]:
    if not settings.database_url:
        yield CheckResult(
            subject="Postgres", said="no address", advice="Set PILITO_DATABASE_URL or `pilito up`."
        )
        return
    database = Database(create_engine(settings.database_url, pool_size=1))
    try:
        async with database.reading() as connection:
            version = await health.server_version(connection)
            yield CheckResult(subject="Postgres", said=f"version {version}")
            yield await _extension(connection)
            schema = await _schema(connection, alembic)
            yield schema
            yield await _index(connection, settings)
            if not schema.advice:
                yield await _unfinished(connection)
    except (SQLAlchemyError, OSError) as error:
        yield CheckResult(
            subject="Postgres",
            said=f"cannot be reached ({type(error).__name__})",
            advice="Check PILITO_DATABASE_URL and that the server runs.",
        )
    finally:
        await database.close()


async def _extension(connection: AsyncConnection) -> CheckResult:
    version = await health.pgvector_version(connection)
    if version is None:
        return CheckResult(subject="pgvector", said="not there", advice="Run `pilito migrate`.")
    old = tuple(int(part) for part in version.split(".")) < OLDEST_VECTOR
    advice = "Upgrade pgvector to 0.8.4 or later." if old else ""
    return CheckResult(subject="pgvector", said=f"version {version}", advice=advice)


async def _schema(connection: AsyncConnection, alembic: Config) -> CheckResult:
    head = ScriptDirectory.from_config(alembic).get_current_head()
    current = await health.revision(connection)
    advice = "" if current == head else "Run `pilito migrate`."
    return CheckResult(subject="Tables", said=f"at {current or 'nothing'}, code at {head}", advice=advice)


async def _index(connection: AsyncConnection, settings: Settings) -> CheckResult:
    label = embedding_label(settings.embedding_model, settings.embedding_dimensions)
    if await health.has_index(connection, index_name(label)):
        return CheckResult(subject="Vector index", said=f"for {label}")
    return CheckResult(subject="Vector index", said=f"none for {label}", advice="Run `pilito migrate`.")


async def _unfinished(connection: AsyncConnection) -> CheckResult:
    late = await stalled.overdue(connection, age=OVERDUE, named=NAMED)
    if not late.count:
        return CheckResult(subject="Events", said="none unfinished for over an hour")
    more = ", …" if late.count > len(late.events) else ""
    return CheckResult(
        subject="Events",
        said=f"{late.count} unfinished for over an hour: {', '.join(late.events)}{more}",
        advice="Fix what their reasons name, check that a worker runs, or open them in the Temporal UI.",
    )


async def _temporal(settings: Settings) -> AsyncIterator[CheckResult]:
    if not settings.temporal_address:
        advice = "Set PILITO_TEMPORAL_ADDRESS or `pilito up`."
        yield CheckResult(subject="Temporal", said="no address", advice=advice)
        return
    try:
        client = await connect(settings.temporal_address, settings.temporal_namespace)
        known = await client.operator_service.list_search_attributes(
            ListSearchAttributesRequest(namespace=client.namespace)
        )
    except (RPCError, RuntimeError) as error:
        yield CheckResult(
            subject="Temporal",
            said=f"cannot be reached ({type(error).__name__})",
            advice="Check PILITO_TEMPORAL_ADDRESS, PILITO_TEMPORAL_NAMESPACE and that the server runs.",
        )
        return
    yield CheckResult(subject="Temporal", said=f"{settings.temporal_address}, namespace {client.namespace}")
    missing = [name for name in SEARCH_ATTRIBUTES if name not in known.custom_attributes]
    yield CheckResult(
        subject="Search attributes",
        said=f"missing: {', '.join(missing)}" if missing else "registered",
        advice="Run `pilito prepare-temporal`." if missing else "",
    )


async def _embeddings(settings: Settings) -> CheckResult:
    if not is_configured(settings):
        return CheckResult(subject="Embeddings", said="neither key nor address", advice=f"Set {SETTINGS}.")
    embedder = create_embedder(settings)
    try:
        async with asyncio.timeout(EMBED_WITHIN):
            await embedder.embed_query("ping")
    except embedder.errors as error:
        return CheckResult(
            subject="Embeddings",
            said=f"refused ({type(error).__name__})",
            advice=f"Check {SETTINGS}, and PILITO_EMBEDDING_MODEL.",
        )
    finally:
        await embedder.close()
    return CheckResult(subject="Embeddings", said=f"{embedder.model}, {embedder.dimensions} dimensions")
