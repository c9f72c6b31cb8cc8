"""The schedules of stores, aligned with what the table of stores says."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from temporalio import activity

from activities.errors import database_errors
from activities.heartbeat import heartbeating
from connectors.registry import READERS
from contracts.stores import Aligned, ReadableStore
from database.access import stores
from database.engine import Database


class Schedules(Protocol):
    """What is asked of Temporal."""

    async def list(self) -> Mapping[str, Any]:
        """The schedules there are."""

    async def align(self, found: Mapping[str, Any], stores: Sequence[ReadableStore]) -> Aligned:
        """Create, change and delete until they are what the stores want."""


class ScheduleActivities:
    def __init__(self, database: Database, schedules: Schedules) -> None:
        self._database = database
        self._schedules = schedules

    @activity.defn
    async def align_schedules(self) -> Aligned:
        """Align all of them; listed first, so that the schedule of a store made meanwhile is not deleted."""
        async with heartbeating():
            found = await self._schedules.list()
            with database_errors():
                async with self._database.reading() as connection:
                    readable = await stores.readable(connection, READERS)
            return await self._schedules.align(found, readable)
