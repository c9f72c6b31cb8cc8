"""Attempts to sign in, throttled by all API processes together.

An attempt is counted before its password is compared, and a right one is taken back. So attempts at the same
time are compared no more often than attempts one after the other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from database.sql import as_json, recordset


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginThrottle:
    """How many attempts are free; from the last of them on, each doubles the wait, up to a bound."""

    free: int
    longest_seconds: int


class Throttled(Exception):
    """An attempt is refused for some seconds and is not counted."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"wait {seconds} s")
        self.seconds = seconds


FORGOTTEN_AFTER = "15 minutes"

REMOVED_AT_A_TIME = 20
"""More than the rows of one attempt, so that the table holds the attempts of the last minutes only."""

_LOOK = text("""
    SELECT now() AS at, coalesce(ceil(extract(epoch FROM max(blocked_until) - now())), 0)::int AS wait
    FROM login_failures WHERE key = ANY(:keys) AND blocked_until > now()
""")

_DELAY = """CASE WHEN {failures} < {free} THEN '-infinity'
    ELSE now() + make_interval(secs => least({longest}, 2 ^ least({failures} - {free}, 20))) END"""

_FAILURES = f"CASE WHEN f.last_at < now() - interval '{FORGOTTEN_AFTER}' THEN 1 ELSE f.failures + 1 END"

# Without a delay `blocked_until` is no time that an attempt at the same moment could have to wait for.
_COUNT = text(f"""
    WITH wanted AS (
        SELECT * FROM {recordset("keys", "n", {"key": "text", "free": "int", "longest": "int"})}
    ), counted AS (
        INSERT INTO login_failures AS f (key, failures, last_at, blocked_until)
        SELECT key, 1, now(), {_DELAY.format(failures="1", free="free", longest="longest")}
        FROM wanted ORDER BY key
        ON CONFLICT (key) DO UPDATE
        SET failures = {_FAILURES}, last_at = now(),
            blocked_until = (SELECT {_DELAY.format(failures=_FAILURES, free="free", longest="longest")}
                             FROM wanted WHERE wanted.key = f.key)
        WHERE f.blocked_until <= :since
        RETURNING key
    )
    SELECT CASE WHEN (SELECT count(*) FROM counted) < (SELECT count(*) FROM wanted)
                THEN greatest(1, (SELECT ceil(extract(epoch FROM max(blocked_until) - now()))
                                  FROM login_failures JOIN wanted USING (key) WHERE blocked_until > now()))
                ELSE 0 END::int
""")

_FORGET = text(f"""
    DELETE FROM login_failures WHERE key IN (
        SELECT key FROM login_failures
        WHERE last_at < now() - interval '{FORGOTTEN_AFTER}' AND blocked_until < now()
        ORDER BY last_at LIMIT {REMOVED_AT_A_TIME} FOR UPDATE SKIP LOCKED)
""")

_TAKE_BACK = text("""
    WITH mine AS MATERIALIZED (
        SELECT key FROM login_failures WHERE key = ANY(:keys) ORDER BY key FOR UPDATE)
    UPDATE login_failures
    SET failures = CASE WHEN key = :forgiven THEN 0 ELSE greatest(failures - 1, 0) END,
        blocked_until = '-infinity'
    WHERE key IN (SELECT key FROM mine)
""")


async def look(connection: AsyncConnection, keys: Sequence[str]) -> datetime:
    """Returns the time of this look at the keys; raises Throttled if one of them is blocked."""
    row = (await connection.execute(_LOOK, {"keys": list(keys)})).one()
    if row.wait:
        raise Throttled(row.wait)
    at: datetime = row.at
    return at


async def count(connection: AsyncConnection, keys: Mapping[str, LoginThrottle], *, since: datetime) -> None:
    """Count one attempt under each key, and remove some rows of forgotten ones.

    Raises Throttled if one of the keys is blocked, or was at some time after `since`, while this attempt
    waited for others; the caller rolls the transaction back.
    """
    rows = [
        {"key": key, "free": throttle.free, "longest": throttle.longest_seconds}
        for key, throttle in keys.items()
    ]
    wait = (await connection.execute(_COUNT, {"keys": as_json(rows), "since": since})).scalar_one()
    if wait:
        raise Throttled(wait)
    await connection.execute(_FORGET)


async def take_back(connection: AsyncConnection, keys: Sequence[str], *, forgiven: str) -> None:
    """Undo the count of a right attempt, and forget all earlier ones under the key `forgiven`."""
    await connection.execute(_TAKE_BACK, {"keys": list(keys), "forgiven": forgiven})
