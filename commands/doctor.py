"""What is wrong with this installation, and what to do about it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from alembic.config import Config
from alembic.script import ScriptDirectory
from openai import OpenAIError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection
from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.service import RPCError

from contracts.errors import EmbeddingProblem
from contracts.ids import SEARCH_ATTRIBUTES, embedding_label
from database.chunks.vector_index import index_name
from database.engine import Database, create_engine
from database.events import stalled as lost
from embeddings.openai import create_embedder
from settings import Settings
from temporal.client import connect

OVERDUE = timedelta(hours=1)
NAMED = 5
"""Unfinished events that are named; the others are only counted."""

OLDEST_VECTOR = (0, 8, 4)
"""Before it, vacuuming an HNSW index could damage it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing looked at; `advice` is empty where it is well."""

    subject: str
    said: str
    advice: str = ""


async def examine(settings: Settings, alembic: Config) -> AsyncIterator[Finding]:
    """Look at everything the service stands on, one finding at a time."""
    async for finding in _postgres(settings, alembic):
        yield finding
    async for finding in _temporal(settings):
        yield finding
    yield await _embeddings(settings)


async def _postgres(settings: Settings, alembic: Config) -> AsyncIterator[Finding]:
    if not settings.database_url:
        yield Finding(subject="Postgres", said="no address", advice="Set PILITO_DATABASE_URL or `pilito up`.")
        return
    database = Database(create_engine(settings.database_url, pool_size=1))
    try:
        async with database.reading() as connection:
            version = (await connection.execute(text("SHOW server_version"))).scalar_one()
            yield Finding(subject="Postgres", said=f"version {version}")
            yield await _extension(connection)
            schema = await _schema(connection, alembic)
            yield schema
            yield await _index(connection, settings)
            if not schema.advice:
                yield await _unfinished(connection)
    except (SQLAlchemyError, OSError) as error:
        yield Finding(
            subject="Postgres",
            said=f"cannot be reached ({type(error).__name__})",
            advice="Check PILITO_DATABASE_URL and that the server runs.",
        )
    finally:
        await database.close()


async def _extension(connection: AsyncConnection) -> Finding:
    found = await connection.execute(text("SELECT extversion FROM pg_extension WHERE extname = 'vector'"))
    version = found.scalar_one_or_none()
    if version is None:
        return Finding(subject="pgvector", said="not there", advice="Run `pilito migrate`.")
    old = tuple(int(part) for part in version.split(".")) < OLDEST_VECTOR
    advice = "Upgrade pgvector to 0.8.4 or later." if old else ""
    return Finding(subject="pgvector", said=f"version {version}", advice=advice)


async def _schema(connection: AsyncConnection, alembic: Config) -> Finding:
    head = ScriptDirectory.from_config(alembic).get_current_head()
    exists = (await connection.execute(text("SELECT to_regclass('alembic_version')"))).scalar_one()
    current = None
    if exists:
        current = (
            await connection.execute(text("SELECT version_num FROM alembic_version"))
        ).scalar_one_or_none()
    advice = "" if current == head else "Run `pilito migrate`."
    return Finding(subject="Tables", said=f"at {current or 'nothing'}, code at {head}", advice=advice)


async def _index(connection: AsyncConnection, settings: Settings) -> Finding:
    label = embedding_label(settings.embedding_model, settings.embedding_dimensions)
    valid = await connection.execute(
        text("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(:name)"),
        {"name": index_name(label)},
    )
    if valid.scalar_one_or_none():
        return Finding(subject="Vector index", said=f"for {label}")
    return Finding(subject="Vector index", said=f"none for {label}", advice="Run `pilito migrate`.")


async def _unfinished(connection: AsyncConnection) -> Finding:
    late = await lost.overdue(connection, older_than=datetime.now(UTC) - OVERDUE, named=NAMED)
    if not late.count:
        return Finding(subject="Events", said="none unfinished for over an hour")
    more = ", …" if late.count > len(late.events) else ""
    return Finding(
        subject="Events",
        said=f"{late.count} unfinished for over an hour: {', '.join(late.events)}{more}",
        advice="Mend what their reasons name, see that a worker runs, or open them in the Temporal UI.",
    )


async def _temporal(settings: Settings) -> AsyncIterator[Finding]:
    if not settings.temporal_address:
        advice = "Set PILITO_TEMPORAL_ADDRESS or `pilito up`."
        yield Finding(subject="Temporal", said="no address", advice=advice)
        return
    try:
        client = await connect(settings.temporal_address, settings.temporal_namespace)
        known = await client.operator_service.list_search_attributes(
            ListSearchAttributesRequest(namespace=client.namespace)
        )
    except (RPCError, RuntimeError) as error:
        yield Finding(
            subject="Temporal",
            said=f"cannot be reached ({type(error).__name__})",
            advice="Check PILITO_TEMPORAL_ADDRESS, PILITO_TEMPORAL_NAMESPACE and that the server runs.",
        )
        return
    yield Finding(subject="Temporal", said=f"{settings.temporal_address}, namespace {client.namespace}")
    missing = [name for name in SEARCH_ATTRIBUTES if name not in known.custom_attributes]
    yield Finding(
        subject="Search attributes",
        said=f"missing: {', '.join(missing)}" if missing else "registered",
        advice="Run `pilito prepare-temporal`." if missing else "",
    )


async def _embeddings(settings: Settings) -> Finding:
    if not settings.openai_api_key and not settings.openai_base_url:
        advice = "Set OPENAI_API_KEY, or OPENAI_BASE_URL for a compatible server."
        return Finding(subject="Embeddings", said="neither key nor address", advice=advice)
    embedder = create_embedder(settings)
    try:
        embedded = await embedder.embed(["ping"], timeout=15)
    except (OpenAIError, EmbeddingProblem) as error:
        return Finding(
            subject="Embeddings",
            said=f"refused ({type(error).__name__})",
            advice="Check OPENAI_API_KEY, OPENAI_BASE_URL and PILITO_EMBEDDING_MODEL.",
        )
    finally:
        await embedder.close()
    return Finding(subject="Embeddings", said=f"{embedder.model}, {len(embedded.vectors[0])} dimensions")
