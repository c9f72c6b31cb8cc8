"""Which task queues count as deserted."""

import pytest

from temporal.queues import QueueState


@pytest.mark.parametrize(
    ("workers", "backlog", "is_bulk", "is_deserted"),
    [
        (0, 0, False, True),
        (1, 9, False, False),
        (0, 0, True, False),
        (0, 1, True, True),
        (1, 1, True, False),
    ],
)
def test_a_busy_bulk_worker_asks_for_no_work(
    *, workers: int, backlog: int, is_bulk: bool, is_deserted: bool
) -> None:
    """Its queue is deserted only if work waits; the queue of events always has a worker that asks."""
    state = QueueState(queue="any", workers=workers, backlog=backlog, backlog_seconds=0.0, is_bulk=is_bulk)
    assert state.is_deserted is is_deserted
