"""Failed logins, throttled by all API processes together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, text
from sqlalchemy.ext.asyncio import AsyncConnection

from database.sql import as_json, recordset
from database.tables import login_failures


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginThrottle:
    """How many failures are free; each further one doubles the wait, up to a bound."""

    free: int
    longest_seconds: int


FORGOTTEN_AFTER = "15 minutes"

_WAIT = text("""
    SELECT ceil(extract(epoch FROM max(blocked_until) - now()))::int
    FROM login_failures WHERE key = ANY(:keys) AND blocked_until > now()
""")

_KEYS = recordset("keys", "n", {"key": "text", "free": "int", "longest": "int"})

_FAILED = text(f"""
    INSERT INTO login_failures AS f (key, failures, last_at, blocked_until)
    SELECT n.key, 1, now(), now()
    FROM {_KEYS}
    ON CONFLICT (key) DO UPDATE
    SET failures = CASE WHEN f.last_at < now() - interval '{FORGOTTEN_AFTER}' THEN 1 ELSE f.failures + 1 END,
        last_at = now(),
        blocked_until = now() + (
            SELECT CASE WHEN f.failures < n.free OR f.last_at < now() - interval '{FORGOTTEN_AFTER}'
                        THEN interval '0'
                        ELSE make_interval(secs => least(n.longest, 2 ^ least(f.failures - n.free, 20))) END
            FROM {_KEYS}
            WHERE n.key = f.key)
""")


async def seconds_to_wait(connection: AsyncConnection, keys: Sequence[str]) -> int:
    """Returns for how many seconds logins under any of these keys are refused; 0 if they are not."""
    return (await connection.execute(_WAIT, {"keys": list(keys)})).scalar_one() or 0


async def failed(connection: AsyncConnection, keys: Mapping[str, LoginThrottle]) -> None:
    """Count one failure under each key."""
    rows = [
        {"key": key, "free": throttle.free, "longest": throttle.longest_seconds}
        for key, throttle in sorted(keys.items())
    ]
    await connection.execute(_FAILED, {"keys": as_json(rows)})


async def succeeded(connection: AsyncConnection, key: str) -> None:
    """Forget the failures under a key."""
    await connection.execute(delete(login_failures).where(login_failures.c.key == key))
