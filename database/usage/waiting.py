"""Usage that no vectors are stored with: added up in memory and written every two seconds."""

import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from operator import add

from contracts.metrics import Usage
from database.engine import Database
from database.periodic_flush import PeriodicFlush
from database.usage import ledger
from database.usage.ledger import Account

FAILURE = "the usage of embedding could not be written yet"


class WaitingUsage:
    """What questions cost, and texts that needed no embedding. A killed process loses its last seconds."""

    def __init__(self, database: Database, logger: logging.Logger) -> None:
        self._database = database
        self._used = PeriodicFlush[Account, Usage](self._write, merge=add, logger=logger, failure=FAILURE)
        self._skipped = PeriodicFlush[int, int](
            self._write_skipped, merge=add, logger=logger, failure=FAILURE
        )

    def add(self, account: Account, usage: Usage) -> None:
        """Count usage of a store."""
        if usage != Usage():
            self._used.add(account, usage)

    def skipped(self, event_row: int) -> None:
        """Count the text of an event's product as saved."""
        self._skipped.add(event_row, 1)

    async def flush(self) -> None:
        """Write now what was counted since the last time."""
        await self._used.flush()
        await self._skipped.flush()

    @asynccontextmanager
    async def counting(self) -> AsyncIterator[None]:
        """Write in the background inside the block, and once more at its end."""
        async with AsyncExitStack() as stack:
            for counted in (self._used, self._skipped):
                await stack.enter_async_context(counted.running())
            yield

    async def _write(self, used: Mapping[Account, Usage]) -> None:
        async with self._database.transaction() as connection:
            await ledger.add(connection, used)

    async def _write_skipped(self, events: Mapping[int, int]) -> None:
        async with self._database.transaction() as connection:
            await ledger.add_skipped(connection, events)
