"""The removal of an account with all of its stores."""

from commands.data.removal import Removed, remove_stores
from commands.environment import database, fail, run, settings
from commands.people.accounts import change_role, find
from database.access import users


def remove_account(email: str) -> Removed:
    """Close an account, then remove its stores one by one, then the account. Returns what remains where.

    It may be repeated after a failure. Exits with a sentence if no active admin would be left.
    """
    configured = settings(adopt=True)

    async def work() -> Removed:
        async with database(configured) as opened:
            person = await find(opened, email)
            await change_role(opened, person, is_active=False)
            async with opened.reading() as connection:
                owned = await users.store_ids(connection, person.id)
            gone = await remove_stores(opened, configured, owned)
            async with opened.transaction() as connection:
                removed = await users.remove(connection, person.id)
            if not removed:
                raise fail(f"{person.email} got a new store in this moment: run the command again.")
            return gone

    return run(work())
