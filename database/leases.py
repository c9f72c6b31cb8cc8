"""Leases: one holder at a time for longer work, until it ends or no longer renews them.

A lock of a session is held for as long as its process exists, even a frozen one. A lease ends at its time.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from database.engine import Database

TERM = timedelta(seconds=15)
"""How long a lease lasts without renewal; Temporal waits as long for a heartbeat before it tries again."""

RENEWALS = 4
"""Renewals in a term."""

_TAKE = text("""
    INSERT INTO leases (key, holder, expires_at)
    SELECT key, :holder, clock_timestamp() + :term FROM unnest(CAST(:keys AS text[])) AS key ORDER BY key
    ON CONFLICT (key) DO UPDATE
    SET holder = excluded.holder, expires_at = clock_timestamp() + :term
    WHERE leases.expires_at < clock_timestamp()
    RETURNING key
""")

# All statements lock rows in the order of their keys, so that none waits for another in a circle.
_OURS = """
    SELECT key FROM leases WHERE key = ANY(CAST(:keys AS text[])) AND holder = :holder ORDER BY key FOR UPDATE
"""

_RENEW = text(f"""
    WITH ours AS MATERIALIZED ({_OURS})
    UPDATE leases SET expires_at = clock_timestamp() + :term FROM ours WHERE leases.key = ours.key
""")

_RELEASE = text(f"""
    WITH ours AS MATERIALIZED ({_OURS})
    DELETE FROM leases USING ours WHERE leases.key = ours.key
""")

_FORGET = text("DELETE FROM leases WHERE expires_at < clock_timestamp() - interval '1 day'")


class LeaseLost(Exception):
    """The lease ended before it was renewed, and another holder may have taken it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """Keys that a holder has taken; `ends_at` is when their term ends, by the clock of the event loop."""

    holder: str
    keys: frozenset[str]
    term: timedelta
    ends_at: float


@dataclass(slots=True)
class Lease:
    """The keys that one holder has; keys of other holders are missing. `is_ended` once they were released."""

    database: Database
    holder: str
    keys: frozenset[str]
    term: timedelta
    deadline: asyncio.Timeout
    is_ended: bool = False

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """Open a transaction that holds the lease until its end; raises LeaseLost where it is lost already.

        No write of a holder that was frozen can follow a write of the next holder.
        """
        async with self.database.transaction() as connection:
            await self.renew(connection)
            self.deadline.reschedule(None)
            yield connection
        self._count_from_now()

    @asynccontextmanager
    async def ending(self) -> AsyncIterator[AsyncConnection]:
        """Open a transaction that releases the keys with its commit; raises LeaseLost where they are lost.

        The rows of the keys are locked until then. Where the transaction fails, the lease goes on.
        """
        ends_at = self.deadline.when()
        try:
            async with self.database.transaction() as connection:
                if await self._release(connection) < len(self.keys):
                    raise LeaseLost
                self.is_ended = True
                self.deadline.reschedule(None)
                yield connection
        except BaseException:
            self.is_ended = False
            if not self.deadline.expired():
                self.deadline.reschedule(ends_at)
            raise

    async def renew(self, connection: AsyncConnection) -> None:
        """Renew the lease; raises LeaseLost where another holder has taken a key of it."""
        renewed = await connection.execute(
            _RENEW, {"keys": list(self.keys), "holder": self.holder, "term": self.term}
        )
        if renewed.rowcount < len(self.keys):
            raise LeaseLost

    async def keep(self) -> None:
        """Renew the lease until cancelled; when it is lost, the block that holds it is cancelled."""
        while True:
            await asyncio.sleep(self.term.total_seconds() / RENEWALS)
            try:
                async with self.database.single() as connection:
                    await self.renew(connection)
            except LeaseLost:
                if not self.is_ended:
                    self.deadline.reschedule(asyncio.get_running_loop().time())
                return
            except (SQLAlchemyError, OSError):  # the next try may succeed before the lease ends
                continue
            self._count_from_now()

    async def release(self) -> None:
        if self.is_ended or not self.keys:
            return
        with suppress(SQLAlchemyError, OSError):  # without a database, the lease ends at its time
            async with self.database.single() as connection:
                await self._release(connection)

    async def _release(self, connection: AsyncConnection) -> int:
        """Delete the keys; returns how many the holder still had."""
        keys = {"keys": list(self.keys), "holder": self.holder}
        return (await connection.execute(_RELEASE, keys)).rowcount

    def _count_from_now(self) -> None:
        if not self.is_ended and not self.deadline.expired():
            self.deadline.reschedule(asyncio.get_running_loop().time() + self.term.total_seconds())


async def take(connection: AsyncConnection, keys: Collection[str], *, term: timedelta = TERM) -> Taken:
    """Take the keys that no other holder has, with the commit of the caller's transaction.

    Waits for another transaction that takes, renews or releases one of them. `holding` holds the keys from
    then on; without it they are free again at the end of the term.
    """
    holder, ends_at = str(uuid4()), asyncio.get_running_loop().time() + term.total_seconds()
    taken = await connection.execute(_TAKE, {"keys": sorted(set(keys)), "holder": holder, "term": term})
    return Taken(holder=holder, keys=frozenset(taken.scalars()), term=term, ends_at=ends_at)


@asynccontextmanager
async def holding(database: Database, taken: Taken) -> AsyncIterator[Lease]:
    """Hold the keys that were taken, and renew them inside the block.

    Raises LeaseLost, and cancels what the block does, when the keys could not be renewed within their term.
    """
    async with _deadline(taken.ends_at) as deadline, _held(database, taken, deadline) as held:
        yield held


@asynccontextmanager
async def lease(database: Database, keys: Collection[str], *, term: timedelta = TERM) -> AsyncIterator[Lease]:
    """Take the keys that no other holder has, and hold them inside the block; see `holding`."""
    async with _deadline(asyncio.get_running_loop().time() + term.total_seconds()) as deadline:
        async with database.single() as connection:
            taken = await take(connection, keys, term=term)
        async with _held(database, taken, deadline) as held:
            yield held


@asynccontextmanager
async def _deadline(ends_at: float) -> AsyncIterator[asyncio.Timeout]:
    """Cancel what the block does at the end of a lease, and raise LeaseLost."""
    try:
        async with asyncio.timeout_at(ends_at) as deadline:
            yield deadline
    except TimeoutError:
        if not deadline.expired():
            raise
        raise LeaseLost from None


@asynccontextmanager
async def _held(database: Database, taken: Taken, deadline: asyncio.Timeout) -> AsyncIterator[Lease]:
    """Renew keys inside the block, and release them at its end."""
    held = Lease(database, taken.holder, taken.keys, taken.term, deadline)
    keeping = asyncio.create_task(held.keep())
    try:
        yield held
    finally:
        keeping.cancel()
        await asyncio.wait([keeping])
        await held.release()


async def forget_expired(connection: AsyncConnection) -> None:
    """Delete the leases of holders that died; another holder can take them long before."""
    await connection.execute(_FORGET)


def for_embedding(products: Sequence[int]) -> dict[str, int]:
    """Returns the keys under which products are embedded, with the rows of the products."""
    return {f"embedding/{product}": product for product in products}
