"""Shops that fail: each is visited less often, by one worker at a time, until a visit succeeds.

The clock is the database's, so that all processes agree.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

TOLERATED = 2
"""Failures in a row without a consequence: products change while they are read, and connections break."""

FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=5), timedelta(minutes=5)
"""The pause doubles with each failure."""

VISIT = timedelta(minutes=2)
"""How long the only visit of a failing shop keeps others away, unless it ends earlier."""

_RECORD = text("""
    INSERT INTO shop_budgets AS b (store_id, next_at, failures, failing_since, probe_at, reason)
    VALUES (:store_id, now(), 1, now(), now(), :reason)
    ON CONFLICT (store_id) DO UPDATE
    SET failures = b.failures + 1, failing_since = coalesce(b.failing_since, now()), reason = :reason,
        probe_at = now() + CASE WHEN b.failures < :tolerated THEN interval '0'
                                ELSE least(:first * 2 ^ least(b.failures - :tolerated, 20), :longest) END
""")

_FORGET = text("""
    UPDATE shop_budgets SET failures = 0, failing_since = NULL, probe_at = NULL, reason = ''
    WHERE store_id = :store_id AND failures > 0
""")

_ADMIT = text("""
    WITH admitted AS (
        UPDATE shop_budgets SET probe_at = now() + :visit
        WHERE store_id = :store_id AND failures > :tolerated AND probe_at <= now()
        RETURNING probe_at
    )
    SELECT probe_at AS until, NULL AS seconds, '' AS reason FROM admitted
    UNION ALL
    SELECT NULL, extract(epoch FROM probe_at - now()), reason
    FROM shop_budgets
    WHERE store_id = :store_id AND failures > :tolerated AND NOT EXISTS (SELECT FROM admitted)
""")

_RELEASE = text("""
    UPDATE shop_budgets SET probe_at = now() WHERE store_id = :store_id AND probe_at = :until
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """How long a failing shop is left alone, and its last failure."""

    time: timedelta
    reason: str


async def record(connection: AsyncConnection, store_id: int, reason: str) -> None:
    """Count a visit that failed."""
    await connection.execute(
        _RECORD,
        {
            "store_id": store_id,
            "reason": reason,
            "tolerated": TOLERATED,
            "first": FIRST_PAUSE,
            "longest": LONGEST_PAUSE,
        },
    )


async def forget(connection: AsyncConnection, store_id: int) -> None:
    """Forget the failures of a shop: a visit succeeded, or its address or credentials changed."""
    await connection.execute(_FORGET, {"store_id": store_id})


async def admit(connection: AsyncConnection, store_id: int) -> Pause | datetime | None:
    """Returns how long to wait, or until when the only visit of a failing shop keeps others away.

    Returns None for a shop that does not fail. Of a failing shop, one visitor at a time is admitted, after
    its pause.
    """
    values = {"store_id": store_id, "tolerated": TOLERATED, "visit": VISIT}
    row = (await connection.execute(_ADMIT, values)).one_or_none()
    if row is None:
        return None
    if row.until is not None:
        until: datetime = row.until
        return until
    return Pause(time=timedelta(seconds=max(1.0, float(row.seconds))), reason=row.reason)


async def release(connection: AsyncConnection, store_id: int, until: datetime) -> None:
    """Let others visit a failing shop: the visit that kept them away `until` then has ended.

    Does nothing after `record` and `forget`, or if another visitor was admitted since.
    """
    await connection.execute(_RELEASE, {"store_id": store_id, "until": until})
