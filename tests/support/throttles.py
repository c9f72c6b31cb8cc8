"""Waits after failed sign-ins, as long as a test needs them."""

from sqlalchemy import text

from api.security.sign_in import keys_of
from database.engine import Database


async def prolong(database: Database, email: str, address: str) -> None:
    """Let a wait of this user at this address end ten minutes later; without a wait, nothing changes.

    A busy machine takes longer for one attempt than the first wait, which is one second.
    """
    of_the_pair = next(iter(keys_of(email, address)))
    async with database.single() as connection:
        await connection.execute(
            text(
                "UPDATE login_failures SET blocked_until = blocked_until + interval '10 minutes'"
                " WHERE key = :key"
            ),
            {"key": of_the_pair},
        )
