"""A process that holds a lease and writes when it is asked to.

    python -m tests.support.holding URL KEY SECONDS

It prints `held`, waits for a line, renames the store of the id in the line, and prints `written` or `lost`.
"""

import asyncio
import sys
from datetime import timedelta

from sqlalchemy import text

from database.engine import Database, create_engine
from database.leases import LeaseLost, lease


def say(word: str) -> None:
    print(word, flush=True)


async def hold(url: str, key: str, seconds: float) -> None:
    database = Database(create_engine(url, pool_size=2))
    try:
        async with lease(database, [key], term=timedelta(seconds=seconds)) as held:
            say("held" if held.keys else "refused")
            store = await asyncio.to_thread(sys.stdin.readline)
            async with held.writing() as connection:
                await connection.execute(
                    text("UPDATE stores SET name = 'of the frozen' WHERE id = :id"), {"id": int(store)}
                )
        say("written")
    except LeaseLost:
        say("lost")
    finally:
        await database.close()


if __name__ == "__main__":
    asyncio.run(hold(sys.argv[1], sys.argv[2], float(sys.argv[3])))
