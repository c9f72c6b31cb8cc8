"""Leases of longer work, and locks of a transaction."""

import asyncio
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import text

from database.leases import Lease, LeaseLost, forget_expired, holding, lease, take
from database.locks import MOST_LOCKED, lock_products
from tests.support.environment import ROOT
from tests.support.eventually import eventually
from tests.support.shop import Shop
from tests.support.system import System

SHORT = timedelta(seconds=0.8)


async def test_a_key_has_one_holder_at_a_time(system: System) -> None:
    """A second holder gets only the keys that are free, and all of them after the first has ended."""
    async with (
        lease(system.database, ["test/1", "test/2"]) as first,
        lease(system.database, ["test/2", "test/3"]) as second,
    ):
        assert first.keys == {"test/1", "test/2"}
        assert second.keys == {"test/3"}
    async with lease(system.database, ["test/1", "test/2", "test/3"]) as again:
        assert len(again.keys) == 3


async def fail(system: System) -> None:
    async with lease(system.database, ["test/4"]) as held:
        assert held.keys
        raise ValueError("failed")


async def test_a_key_is_free_as_soon_as_an_error_is_raised(system: System) -> None:
    """The next attempt does not wait for the end of the term."""
    for _ in range(20):
        with pytest.raises(ValueError, match="failed"):
            await fail(system)


async def test_a_cancelled_holder_releases_its_key(system: System) -> None:
    """As when a worker is stopped."""
    holding = asyncio.Event()

    async def hold() -> None:
        async with lease(system.database, ["test/5"]):
            holding.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(hold())
    await holding.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with lease(system.database, ["test/5"]) as held:
        assert held.keys


async def test_keys_that_are_taken_in_a_transaction_are_held_after_its_commit(system: System) -> None:
    """A transaction that fails has taken nothing."""

    async def take_and_fail() -> None:
        async with system.database.transaction() as connection:
            assert (await take(connection, ["test/9"])).keys
            raise ValueError("failed")

    with pytest.raises(ValueError, match="failed"):
        await take_and_fail()
    async with system.database.transaction() as connection:
        taken = await take(connection, ["test/9"])
    assert not await take_alone(system, "test/9")
    async with holding(system.database, taken) as held:
        assert held.keys == {"test/9"}
        assert not await take_alone(system, "test/9")
    assert await take_alone(system, "test/9")


async def take_alone(system: System, key: str) -> bool:
    """Returns whether a key was free; gives it back at once."""
    async with lease(system.database, [key]) as held:
        return bool(held.keys)


async def test_a_holder_that_died_after_its_commit_loses_its_keys_with_the_term(system: System) -> None:
    """Nothing renews what was taken in a transaction before it is held."""
    async with system.database.transaction() as connection:
        assert (await take(connection, ["test/10"], term=SHORT)).keys
    await eventually(partial(take_alone, system, "test/10"), bool, what="the end of the term")


async def end_and_fail(held: Lease) -> None:
    async with held.ending():
        raise ValueError("failed")


async def test_a_lease_ends_with_a_transaction(system: System) -> None:
    """The key is free with the commit, before the end of the block; a failed transaction leaves it held."""
    async with lease(system.database, ["test/11"], term=SHORT) as held:
        with pytest.raises(ValueError, match="failed"):
            await end_and_fail(held)
        assert not await take_alone(system, "test/11")
        async with held.writing() as connection:
            await connection.execute(text("SELECT 1"))
        async with held.ending() as connection:
            await connection.execute(text("SELECT 1"))
        assert await take_alone(system, "test/11")
        assert held.deadline.when() is None


async def test_a_lost_lease_cannot_end_a_transaction(system: System) -> None:
    """The next holder keeps its key."""

    async def end() -> None:
        async with lease(system.database, ["test/12"]) as held:
            await take_away(system, held)
            async with held.ending():
                pass

    with pytest.raises(LeaseLost):
        await end()
    assert not await take_alone(system, "test/12")


async def take_away(system: System, held: Lease) -> None:
    """Let another holder have the keys, as after the end of the term."""
    async with system.database.single() as connection:
        await connection.execute(
            text("UPDATE leases SET holder = 'another' WHERE holder = :holder"), {"holder": held.holder}
        )


async def test_a_lease_outlives_its_term_while_it_is_renewed(system: System) -> None:
    """The block sees its end move on by more than a term."""

    async def ends(held: Lease) -> float:
        async with system.database.reading() as connection:
            found = await connection.execute(
                text("SELECT extract(epoch FROM expires_at) FROM leases WHERE holder = :holder"),
                {"holder": held.holder},
            )
        return float(found.scalar_one())

    async with lease(system.database, ["test/6"], term=SHORT) as held:
        taken = await ends(held)
        await eventually(lambda: ends(held), lambda at: at > taken + 1.5, what="renewals")
        async with held.writing() as connection:
            await connection.execute(text("SELECT 1"))


async def test_the_block_is_cancelled_when_its_lease_is_lost(system: System) -> None:
    """What it waits for may never come."""

    async def wait_for_ever() -> None:
        async with lease(system.database, ["test/7"], term=SHORT) as held:
            await take_away(system, held)
            await asyncio.Event().wait()

    with pytest.raises(LeaseLost):
        await wait_for_ever()


async def test_nothing_is_written_after_the_lease_is_lost(system: System, shop: Shop) -> None:
    """Even before the holder has noticed it."""

    async def write() -> None:
        async with lease(system.database, ["test/8"]) as held:
            await take_away(system, held)
            async with held.writing() as connection:
                await connection.execute(
                    text("UPDATE stores SET name = 'changed' WHERE id = :id"), {"id": shop.store_id}
                )

    with pytest.raises(LeaseLost):
        await write()
    row = await shop.one("SELECT name FROM stores WHERE id = :store")
    assert row is not None
    assert row["name"] != "changed"


@asynccontextmanager
async def holder(url: str, key: str) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.support.holding", url, key, str(SHORT.total_seconds())),
        cwd=ROOT,
        stdin=PIPE,
        stdout=PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def says(process: Process) -> str:
    assert process.stdout
    return (await process.stdout.readline()).decode().strip()


async def write(process: Process, store_id: int) -> None:
    assert process.stdin
    process.stdin.write(f"{store_id}\n".encode())
    await process.stdin.drain()


@pytest.mark.usefixtures("programs")
async def test_a_frozen_process_does_not_keep_its_lease(
    system: System, shop: Shop, database_url: str
) -> None:
    """Another holder goes on after the term, and the first one writes nothing once it runs again."""
    key = f"frozen/{shop.store_id}"

    async def take_and_write() -> bool:
        async with lease(system.database, [key]) as held:
            if not held.keys:
                return False
            async with held.writing() as connection:
                await connection.execute(
                    text("UPDATE stores SET name = 'of the next' WHERE id = :id"), {"id": shop.store_id}
                )
            frozen.send_signal(signal.SIGCONT)
            await write(frozen, shop.store_id)
            assert await says(frozen) == "lost"
            return True

    async with holder(database_url, key) as frozen:
        assert await says(frozen) == "held"
        assert not await take_and_write()
        frozen.send_signal(signal.SIGSTOP)
        await eventually(take_and_write, what="the end of the lease")
    row = await shop.one("SELECT name FROM stores WHERE id = :store")
    assert row is not None
    assert row["name"] == "of the next"


@pytest.mark.usefixtures("programs")
async def test_a_running_process_keeps_its_lease_and_writes(shop: Shop, database_url: str) -> None:
    """The process of the test above can write."""
    async with holder(database_url, f"running/{shop.store_id}") as running:
        assert await says(running) == "held"
        await write(running, shop.store_id)
        assert await says(running) == "written"


async def test_leases_of_dead_holders_are_forgotten(system: System) -> None:
    """A day after their end; others stay."""
    async with system.database.single() as connection:
        await connection.execute(
            text(
                "INSERT INTO leases VALUES ('dead/1', 'x', now() - interval '25 hours'),"
                " ('dead/2', 'x', now() - interval '1 hour')"
            )
        )
        await forget_expired(connection)
        left = await connection.execute(text("DELETE FROM leases WHERE key LIKE 'dead/%' RETURNING key"))
        assert left.scalars().all() == ["dead/2"]


async def test_a_transaction_locks_a_bounded_number_of_products(system: System, shop: Shop) -> None:
    """Postgres has one table for the locks of all sessions, and a full one stops every session."""
    keys = [f"woo_{number}" for number in range(MOST_LOCKED + 1)]
    async with system.database.transaction() as connection:
        await lock_products(connection, shop.store_id, keys[1:])
        with pytest.raises(ValueError, match="may lock 2000 products, not 2001"):
            await lock_products(connection, shop.store_id, keys)
