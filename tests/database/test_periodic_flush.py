"""Counts added up in memory, and their way into Postgres."""

import logging
from collections.abc import Mapping
from operator import add

from database.periodic_flush import PeriodicFlush

LOGGER = logging.getLogger("pilito.tests")


class Storage:
    """Stores what is written, unless it is down."""

    def __init__(self) -> None:
        self.written: list[dict[str, int]] = []
        self.is_down = False

    async def write(self, values: Mapping[str, int]) -> None:
        if self.is_down:
            raise OSError("connection refused")
        self.written.append(dict(values))


def counts_in(storage: Storage) -> PeriodicFlush[str, int]:
    return PeriodicFlush(storage.write, merge=add, logger=LOGGER, failure="counts could not be written yet")


async def test_values_of_one_key_are_added_up_and_written_once() -> None:
    """Nothing is written where nothing was added."""
    storage = Storage()
    counts = counts_in(storage)
    assert [counts.add("a", 1), counts.add("a", 2), counts.add("b", 5)] == [1, 3, 5]
    await counts.flush()
    await counts.flush()
    assert storage.written == [{"a": 3, "b": 5}]


async def test_a_failed_flush_keeps_its_values() -> None:
    """They are added to the values that were counted since."""
    storage = Storage()
    counts = counts_in(storage)
    counts.add("a", 1)
    storage.is_down = True
    await counts.flush()
    counts.add("a", 2)
    storage.is_down = False
    await counts.flush()
    assert storage.written == [{"a": 3}]


async def test_the_end_of_the_block_writes_what_is_left() -> None:
    """A process that stops normally loses no count."""
    storage = Storage()
    counts = counts_in(storage)
    async with counts.running():
        counts.add("a", 1)
    assert storage.written == [{"a": 1}]
