"""The starts of workflows after the acknowledgement: turns of stores, bounds, what the inbox is left."""

import asyncio
from datetime import UTC, datetime

import pytest

from api.ingest import starts
from api.ingest.starts import AT_A_TIME, BULK_AT_A_TIME, NotStarted, WorkflowStarts
from contracts.events import EventType, ProductEvent
from database.events.inbox import StoredEvent


def stored(row_id: int, store_id: int = 1) -> StoredEvent:
    event = ProductEvent(
        store_id=store_id,
        event_id=f"evt-{row_id}",
        event_type=EventType.UPDATED,
        external_id="woo_1",
        received_at=datetime(2026, 11, 26, tzinfo=UTC),
        body={"id": 1, "name": "گلیم"},
    )
    return StoredEvent(row_id=row_id, event=event)


class Temporal:
    """What starts workflows: it notes them, and answers once it is let."""

    def __init__(self) -> None:
        self.started: list[int] = []
        self.answers = asyncio.Event()
        self.is_down = False

    async def start(self, event: StoredEvent) -> None:
        self.started.append(event.row_id)
        await self.answers.wait()
        if self.is_down:
            raise NotStarted


async def quiet() -> None:
    """Let everything run that can run."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_a_few_starts_run_at_a_time() -> None:
    """The others follow as these end."""
    temporal = Temporal()
    queue = WorkflowStarts(temporal.start)
    async with queue.running():
        for row in range(3 * AT_A_TIME):
            await queue.add(stored(row))
        await quiet()
        assert temporal.started == list(range(AT_A_TIME))
        temporal.answers.set()
        await quiet()
        assert temporal.started == list(range(3 * AT_A_TIME))


async def test_a_store_with_many_events_delays_no_other_store() -> None:
    """Stores take turns, each in the order of its events."""
    temporal = Temporal()
    queue = WorkflowStarts(temporal.start)
    async with queue.running():
        for row in range(AT_A_TIME + 10):
            await queue.add(stored(row, store_id=1))
        await queue.add(stored(1_000, store_id=2))
        temporal.answers.set()
        await quiet()
    assert temporal.started.index(1_000) <= AT_A_TIME + 1


async def test_events_of_batches_start_behind_single_changes() -> None:
    """They fill a part of the starts that run; a single change that comes later goes first."""
    temporal = Temporal()
    queue = WorkflowStarts(temporal.start)
    async with queue.running():
        queue.add_bulk(stored(row) for row in range(AT_A_TIME))
        await quiet()
        assert temporal.started == list(range(BULK_AT_A_TIME))
        for row in range(1_000, 1_000 + AT_A_TIME):
            await queue.add(stored(row))
        await quiet()
        singles = AT_A_TIME - BULK_AT_A_TIME
        assert temporal.started[BULK_AT_A_TIME:] == list(range(1_000, 1_000 + singles))
        temporal.answers.set()
        await quiet()
    assert temporal.started[-1] == AT_A_TIME - 1
    assert sorted(temporal.started) == [*range(AT_A_TIME), *range(1_000, 1_000 + AT_A_TIME)]


async def test_a_batch_waits_for_no_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """What has no place is left to the inbox, at once; places are free again after the starts."""
    monkeypatch.setattr(starts, "BULK_WAITING", 3)
    temporal = Temporal()
    queue = WorkflowStarts(temporal.start)
    async with queue.running():
        queue.add_bulk(stored(row) for row in range(5))
        temporal.answers.set()
        await quiet()
        queue.add_bulk([stored(10)])
        await quiet()
    assert temporal.started == [0, 1, 2, 10]


async def test_without_temporal_the_inbox_has_the_rest() -> None:
    """Events that wait are dropped, not tried one after another; later ones are tried again."""
    temporal = Temporal()
    queue = WorkflowStarts(temporal.start)
    async with queue.running():
        for row in range(AT_A_TIME + 5):
            await queue.add(stored(row))
        temporal.is_down = True
        temporal.answers.set()
        await quiet()
        assert temporal.started == list(range(AT_A_TIME))
        temporal.is_down = False
        await queue.add(stored(1_000))
        await quiet()
    assert temporal.started[-1] == 1_000


async def test_a_request_waits_only_for_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """With as many events in memory as may be there, the row is enough."""
    monkeypatch.setattr(starts, "WAITING", AT_A_TIME)
    monkeypatch.setattr(starts, "PATIENCE", 0.0)
    temporal = Temporal()
    queue = WorkflowStarts(temporal.start)
    async with queue.running():
        for row in range(AT_A_TIME + 1):
            await queue.add(stored(row))
        temporal.answers.set()
        await quiet()
    assert temporal.started == list(range(AT_A_TIME))


async def test_an_unexpected_error_stops_no_other_start(caplog: pytest.LogCaptureFixture) -> None:
    """It is logged, and the queue goes on."""
    seen: list[int] = []

    async def start(event: StoredEvent) -> None:
        seen.append(event.row_id)
        if event.row_id == 0:
            raise KeyError("a mistake of ours")

    queue = WorkflowStarts(start)
    async with queue.running():
        for row in range(2):
            await queue.add(stored(row))
        await quiet()
    assert seen == [0, 1]
    assert "waits in the inbox" in caplog.text
