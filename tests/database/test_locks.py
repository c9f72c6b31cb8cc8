"""Advisory locks of longer work."""

import pytest

from database.locks import advisory_lock
from tests.support.system import System


async def test_one_session_holds_a_lock_at_a_time(system: System) -> None:
    """A second session is refused until the first one has released the lock."""
    async with advisory_lock(system.database, "test", 1) as first:
        async with advisory_lock(system.database, "test", 1) as second:
            assert (first, second) == (True, False)
        async with advisory_lock(system.database, "test", 2) as other:
            assert other
    async with advisory_lock(system.database, "test", 1) as again:
        assert again


async def fail(system: System) -> None:
    async with advisory_lock(system.database, "test", 3) as locked:
        assert locked
        raise ValueError("failed")


async def test_a_lock_is_free_as_soon_as_an_error_is_raised(system: System) -> None:
    """The next attempt does not depend on when Postgres notices a closed connection."""
    for _ in range(20):
        with pytest.raises(ValueError, match="failed"):
            await fail(system)
