"""Sessions of users, made without a sign-in."""

from datetime import UTC, datetime

from api.security.sessions import Sessions
from database.access import provision, users
from tests.support.environment import SECRET_KEY
from tests.support.system import System


def now() -> datetime:
    """Returns the time by the clock of this process, which is that of the tests' Postgres too."""
    return datetime.now(UTC)


async def session_of(system: System, user_id: int) -> dict[str, str]:
    """Returns the header with a user's session."""
    async with system.database.reading() as connection:
        user = await users.read_user(connection, user_id)
    assert user
    return {"Authorization": f"Bearer {Sessions((SECRET_KEY,), clock=now).issue(user)}"}


async def session(system: System, email: str, *, is_staff: bool = False) -> dict[str, str]:
    """Returns the header with the session of a new user."""
    user_id = await provision.save_user(system.database, email=email, password="p", is_staff=is_staff)
    return await session_of(system, user_id)
