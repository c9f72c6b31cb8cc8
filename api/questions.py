"""Counts of what people ask the search, merged in memory and written every two seconds."""

import logging
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager

from database import questions
from database.engine import Database
from database.periodic_flush import PeriodicFlush
from database.questions import Asked
from knowledge.normalise import normalise

logger = logging.getLogger("pilito.api")

LONGEST = 200
"""Characters of a question that are kept."""

MOST_AT_ONCE = 200
"""Different questions of a store between two writes; further ones are not counted."""

TRIM_EVERY = 30
"""Writes after which the stores in them are checked for too many rows."""


def kept(query: str) -> str:
    """Returns a question as it is kept: in one spelling, on one line, and cut; empty if nothing is left."""
    return " ".join(normalise(query[: 10 * LONGEST]).split())[:LONGEST].strip()


class Questions:
    """Counts questions by store; nothing of who asks is kept. A killed process loses two seconds of them."""

    def __init__(self, database: Database, *, is_on: bool) -> None:
        self._database = database
        self._is_on = is_on
        self._writes = 0
        self._grown: set[int] = set()
        self._asked = PeriodicFlush[int, dict[str, Asked]](
            self._write, merge=_merged, logger=logger, failure="questions could not be counted yet"
        )

    def add(self, store_id: int | None, query: str, *, total: int, is_answered: bool) -> None:
        """Count a question of a store; one that was asked of several stores is not counted."""
        question = kept(query) if self._is_on and store_id is not None else ""
        if store_id is None or not question:
            return
        now = self._database.clock.estimate()
        one = Asked(asked=1, unanswered=int(not is_answered), first_at=now, last_at=now, last_total=total)
        self._asked.add(store_id, {question: one})

    def counting(self) -> AbstractAsyncContextManager[None]:
        """Write the counts every two seconds inside the block, and once more at its end."""
        return self._asked.running()

    async def flush(self) -> None:
        """Write what was counted since the last write."""
        await self._asked.flush()

    async def _write(self, asked: Mapping[int, Mapping[str, Asked]]) -> None:
        self._writes += 1
        self._grown.update(asked)
        is_due = self._writes % TRIM_EVERY == 0
        async with self._database.transaction() as connection:
            await questions.count(connection, asked)
            if is_due:
                await questions.trim(connection, sorted(self._grown))
        if is_due:
            self._grown.clear()


def _merged(first: dict[str, Asked], second: dict[str, Asked]) -> dict[str, Asked]:
    """Returns the first counts with the second ones added; new questions only while there is room."""
    for question, one in second.items():
        if question in first:
            first[question] = _sum(first[question], one)
        elif len(first) < MOST_AT_ONCE:
            first[question] = one
    return first


def _sum(first: Asked, second: Asked) -> Asked:
    latest = max(first, second, key=lambda one: one.last_at)
    return Asked(
        asked=first.asked + second.asked,
        unanswered=first.unanswered + second.unanswered,
        first_at=min(first.first_at, second.first_at),
        last_at=latest.last_at,
        last_total=latest.last_total,
    )
