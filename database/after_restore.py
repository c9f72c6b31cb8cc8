"""What a restored database needs before it is used again."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.events import IN_PROGRESS
from contracts.syncs import SyncStatus
from database.sql import in_, literal

GAP = 10_000_000
"""How many numbers of each table are left out, because rows that the dump lacks may have had them."""

_ADVANCE = text("""
    SELECT setval(CAST(format('%I.%I', schemaname, sequencename) AS regclass),
                  coalesce(last_value, 0) + :gap)
    FROM pg_sequences WHERE schemaname = current_schema()
""")

_DISOWN_EVENTS = text(f"""
    UPDATE events SET run_id = NULL
    WHERE finished_at IS NULL AND run_id IS NOT NULL AND status IN {in_(IN_PROGRESS)}
""")

SYNC_ENDED = "The database was restored; the next sync compares the products again."

_END_SYNCS = text(f"""
    UPDATE syncs SET status = {literal(SyncStatus.FAILED)}, finished_at = now(),
        reason = :reason
    WHERE finished_at IS NULL
""")

_RELEASE_CLAIMS = text("""
    UPDATE products SET claimed_hash = NULL
    WHERE is_active AND claimed_hash = content_hash AND knowledge_hash IS DISTINCT FROM content_hash
""")

_STORES = text("SELECT id FROM stores")

_LOGGED = text("SELECT workflow_id FROM events WHERE workflow_id = ANY(:ids)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """How many counters were advanced, how many events run again, and how many syncs were ended."""

    counters: int
    events: int
    syncs: int


async def prepare(connection: AsyncConnection) -> Prepared:
    """Keep numbers from being given out a second time, and separate rows from the runs they had at the dump.

    An event under way is recorded again by its workflow, because the steps after the dump are lost. A sync
    under way ends, and texts that were being indexed are left to recovery.
    """
    counters = await connection.execute(_ADVANCE, {"gap": GAP})
    events = await connection.execute(_DISOWN_EVENTS)
    syncs = await connection.execute(_END_SYNCS, {"reason": SYNC_ENDED})
    await connection.execute(_RELEASE_CLAIMS)
    return Prepared(counters=len(counters.all()), events=events.rowcount, syncs=syncs.rowcount)


async def store_ids(connection: AsyncConnection) -> frozenset[int]:
    """Returns the ids of all stores."""
    return frozenset((await connection.execute(_STORES)).scalars())


async def logged(connection: AsyncConnection, workflow_ids: Sequence[str]) -> frozenset[str]:
    """Returns which of these workflows have an event in the event log."""
    return frozenset((await connection.execute(_LOGGED, {"ids": list(workflow_ids)})).scalars())
