"""Aligns the Temporal schedules of stores with the table of stores."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from temporalio import activity

from activities.errors import database_errors
from activities.heartbeat import heartbeating
from connectors.registry import READABLE
from contracts.stores import Aligned, ReadableStore
from database.access import stores
from database.engine import Database


class Schedules(Protocol):
    """The schedules in Temporal."""

    async def list(self) -> Mapping[str, Any]:
        """Returns the existing schedules by id."""

    async def align(self, existing: Mapping[str, Any], stores: Sequence[ReadableStore]) -> Aligned:
        """Creates, updates and deletes schedules until they match the stores, and returns the counts."""


class ScheduleActivities:
    def __init__(self, database: Database, schedules: Schedules) -> None:
        self._database = database
        self._schedules = schedules

    @activity.defn
    async def align_schedules(self) -> Aligned:
        """Aligns all schedules; lists them before the stores, so that the schedule of a new store is kept."""
        async with heartbeating():
            existing = await self._schedules.list()
            with database_errors():
                async with self._database.reading() as connection:
                    readable = await stores.readable(connection, READABLE)
            return await self._schedules.align(existing, readable)
