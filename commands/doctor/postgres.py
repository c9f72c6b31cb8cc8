"""Checks of Postgres: the server, its tables, what it stores, and the events in it."""

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from commands.doctor.result import CheckResult
from contracts.ids import embedding_label
from contracts.storage import REASONS, StorageRefusal, storage_refusal
from crypto import SecretBox
from database import health
from database.access import stores
from database.connecting.address import InvalidAddress
from database.connecting.poolers import is_pooled
from database.connecting.problems import Problem, problem_of
from database.engine import Database, create_engine
from database.events import failed, stalled
from database.search.vector_index import INDEXED_DIMENSIONS, index_name
from settings import Settings

OVERDUE = timedelta(hours=1)
NAMED = 5
"""At most so many unfinished or failed events are listed; the others are only counted."""

SAFE_VECTOR = (0, 8, 4)
"""In older versions, vacuuming an HNSW index could damage it."""

ADVICE = {
    StorageRefusal.READ_ONLY: "Point PILITO_DATABASE_URL at the primary, or let the database accept writes.",
    StorageRefusal.DISK_FULL: "Make room on the disk of Postgres.",
    StorageRefusal.NOT_MIGRATED: "Run `pilito migrate`.",
}


async def check_postgres(settings: Settings, alembic: Config) -> AsyncIterator[CheckResult]:
    """Yields the results of all checks that Postgres lets us make."""
    if not settings.database_url:
        yield CheckResult(
            subject="Postgres", said="no address", advice="Set PILITO_DATABASE_URL or `pilito up`."
        )
        return
    try:
        database = Database(create_engine(settings.database_url, pool_size=1))
    except InvalidAddress as error:
        yield CheckResult(subject="Postgres", said="the address cannot be read", advice=str(error))
        return
    try:
        async with database.reading() as connection:
            yield await _server(connection)
            yield await _extension(connection)
            schema = await _schema(connection, alembic)
            yield schema
            yield await _index(connection, settings)
            if not schema.advice:
                yield await _secrets(connection, settings)
                yield await _unfinished(connection)
                yield await _failed(connection)
        if not schema.advice:
            yield await _writes(database)
    except (SQLAlchemyError, OSError) as error:
        problem = problem_of(error, settings.database_url) or Problem(
            said=f"a check failed ({type(error).__name__})", advice="Run `pilito migrate`, then this again."
        )
        yield CheckResult(subject="Postgres", said=problem.said, advice=problem.advice)
    finally:
        await database.close()


async def _server(connection: AsyncConnection) -> CheckResult:
    said = f"version {await health.server_version(connection)}"
    advice = await health.unsupported(connection) or ""
    if await is_pooled(connection):
        said += ", through a pooler"
        if not advice and not await health.limits_statements(connection):
            said += " that leaves statements without a time limit"
            advice = (
                "Run `ALTER ROLE … SET statement_timeout = '30s'` for the user in PILITO_DATABASE_URL, then"
                " RECONNECT in the pooler; run `pilito migrate` with an address past the pooler."
            )
    return CheckResult(subject="Postgres", said=said, advice=advice)


async def _extension(connection: AsyncConnection) -> CheckResult:
    version = await health.pgvector_version(connection)
    if version is None:
        return CheckResult(subject="pgvector", said="not there", advice="Run `pilito migrate`.")
    old = health.version_numbers(version) < SAFE_VECTOR
    advice = "Upgrade pgvector to 0.8.4 or later." if old else ""
    return CheckResult(subject="pgvector", said=f"version {version}", advice=advice)


async def _schema(connection: AsyncConnection, alembic: Config) -> CheckResult:
    scripts = ScriptDirectory.from_config(alembic)
    head, current = scripts.get_current_head(), await health.revision(connection)
    if current == head:
        return CheckResult(subject="Tables", said=f"at {current}, as this program needs them")
    try:
        is_known = current is None or scripts.get_revision(current) is not None
    except CommandError:
        is_known = False
    if not is_known:
        return CheckResult(
            subject="Tables",
            said=f"at {current}, which this program does not know: a newer version made them",
            advice="Install the newer version; this one cannot use its tables.",
        )
    return CheckResult(
        subject="Tables", said=f"at {current or 'nothing'}, code at {head}", advice="Run `pilito migrate`."
    )


async def _index(connection: AsyncConnection, settings: Settings) -> CheckResult:
    label = embedding_label(
        settings.embedding_model, settings.embedding_dimensions, settings.embedding_variant
    )
    if settings.embedding_dimensions > INDEXED_DIMENSIONS:
        return CheckResult(
            subject="Vector index",
            said=f"none above {INDEXED_DIMENSIONS:,} dimensions: all vectors are compared",
        )
    if await health.has_index(connection, index_name(label)):
        return CheckResult(subject="Vector index", said=f"for {label}")
    return CheckResult(subject="Vector index", said=f"none for {label}", advice="Run `pilito migrate`.")


async def _secrets(connection: AsyncConnection, settings: Settings) -> CheckResult:
    if not settings.secret_keys:
        return CheckResult(
            subject="Secret key",
            said="not set",
            advice="Set PILITO_SECRET_KEY to the one that API and workers use.",
        )
    closed = await stores.not_decrypted(connection, SecretBox(settings.secret_keys))
    if not closed:
        return CheckResult(subject="Secret key", said="decrypts the secrets of all stores")
    return CheckResult(
        subject="Secret key",
        said=f"does not decrypt the secrets of the stores {', '.join(map(str, closed))}",
        advice="Add the key they were encrypted with to PILITO_SECRET_KEY, after a comma.",
    )


async def _unfinished(connection: AsyncConnection) -> CheckResult:
    late = await stalled.overdue(connection, age=OVERDUE, named=NAMED)
    if not late.count:
        return CheckResult(subject="Events", said="none unfinished for over an hour")
    return CheckResult(
        subject="Events",
        said=f"{late.count} unfinished for over an hour: {_some(late.count, late.events)}",
        advice="Fix what their reasons name, check that a worker runs, or open them in the Temporal UI.",
    )


async def _failed(connection: AsyncConnection) -> CheckResult:
    failures = await failed.open_failures(connection, named=NAMED)
    if not failures.count:
        return CheckResult(subject="Failed events", said="none without a later success")
    return CheckResult(
        subject="Failed events",
        said=f"{failures.count} without a later success: {_some(failures.count, failures.events)}",
        advice="Fix what their reasons name, or upgrade where a delivery could not be read; then retry them.",
    )


def _some(count: int, named: Sequence[str]) -> str:
    """Returns the names of some of `count` things, with an ellipsis where there are more."""
    return ", ".join((*named, "…") if count > len(named) else named)


async def _writes(database: Database) -> CheckResult:
    try:
        await health.check_writes(database)
    except SQLAlchemyError as error:
        refusal = storage_refusal(error)
        if refusal is None:
            raise
        return CheckResult(subject="Storage", said=REASONS[refusal], advice=ADVICE[refusal])
    return CheckResult(subject="Storage", said="Postgres stores what is written")
