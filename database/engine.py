"""Connections to Postgres."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import orjson
from sqlalchemy import Engine, event, text
from sqlalchemy import create_engine as create_sync_engine
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from contracts.storage import StorageRefusal, storage_refusal
from database.clock import DatabaseClock, wall_clock
from database.connecting.address import connection_defaults, read_address
from database.connecting.poolers import Poolers
from database.halfvec import accept_vectors


def _dump(value: object) -> str:
    return orjson.dumps(value).decode()


LIMITS = {
    "lock_timeout": 10_000,
    "idle_in_transaction_session_timeout": 60_000,
    "tcp_keepalives_idle": 30,
    "tcp_keepalives_interval": 10,
    "tcp_keepalives_count": 3,
}
"""Session settings: the locks of a machine that vanished end after a minute."""

WITHOUT_LIMITS = {"statement_timeout": 0, "lock_timeout": 0}
"""For migrations; the role or the database may have limits."""

LONGEST_NAME = 30
"""Characters of an application name to which a purpose is added; Postgres keeps 63 bytes of it."""


def create_engine(address: str, *, pool_size: int = 10, statement_timeout_seconds: int = 30) -> AsyncEngine:
    """Returns an engine with short timeouts, so that a dead database is noticed within seconds.

    The connection used last is used first: few connections then do most of the work, and have its statements
    prepared. Parameters of the address take precedence. Raises InvalidAddress.
    """
    url = read_address(address)
    engine = create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_use_lifo=True,
        pool_timeout=5,
        hide_parameters=True,
        json_serializer=_dump,
        json_deserializer=orjson.loads,
        connect_args=connection_defaults(url),
    )
    Poolers(engine.sync_engine, {"statement_timeout": statement_timeout_seconds * 1000, **LIMITS})
    accept_vectors(engine)
    event.listen(engine.sync_engine, "handle_error", _discard_read_only)
    return engine


def create_migration_engine(address: str, *, purpose: str = "migrate") -> Engine:
    """Returns an engine for `pilito migrate`, without timeouts and without a pool; raises InvalidAddress.

    The application name of its sessions ends with the purpose.
    """
    url = read_address(address)
    defaults = connection_defaults(url)
    name = url.query.get("application_name", defaults.get("application_name", "pilito"))
    engine = create_sync_engine(
        url,
        poolclass=NullPool,
        hide_parameters=True,
        connect_args={**defaults, "application_name": f"{str(name)[:LONGEST_NAME]} {purpose}"},
    )
    Poolers(engine, WITHOUT_LIMITS)
    return engine


def new_connections(engine: AsyncEngine) -> AsyncEngine:
    """Returns an engine for the same server with an empty pool of its own; the caller disposes of it."""
    pooled = engine.sync_engine
    return AsyncEngine(Engine(pooled.pool.recreate(), pooled.dialect, pooled.url, hide_parameters=True))


def _discard_read_only(context: ExceptionContext) -> None:
    """Discard all pooled connections once one of them refuses a write.

    After a failover they still lead to the former primary; new ones lead to the server that writes.
    """
    error = context.sqlalchemy_exception
    if error is not None and storage_refusal(error) is StorageRefusal.READ_ONLY:
        context.is_disconnect = True


class Database:
    """Connections of one engine for three purposes.

    `transaction()` commits at the end of the block, `single()` is for one writing statement that commits at
    once, `reading()` reads without a transaction. `clock` is the clock of Postgres; `wall` is that of this
    process.
    """

    def __init__(self, engine: AsyncEngine, *, wall: Callable[[], float] = wall_clock) -> None:
        self.engine = engine
        self.clock = DatabaseClock(self, wall=wall)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        async with self.engine.begin() as connection:
            yield connection

    @asynccontextmanager
    async def single(self) -> AsyncIterator[AsyncConnection]:
        async with self._autocommit() as connection:
            yield connection

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        async with self._autocommit() as connection:
            yield connection

    @asynccontextmanager
    async def _autocommit(self) -> AsyncIterator[AsyncConnection]:
        """Open a connection without a transaction.

        An engine with this option would set it before the block begins. There psycopg yields to other tasks
        of a busy loop, and a task that is cancelled would not return the connection to the pool.
        """
        async with self.engine.connect() as connection:
            yield await connection.execution_options(isolation_level="AUTOCOMMIT")

    async def ping(self) -> None:
        """Raises an error of SQLAlchemy where Postgres does not answer."""
        async with self.reading() as connection:
            await connection.execute(text("SELECT 1"))

    async def close(self) -> None:
        await self.engine.dispose()
