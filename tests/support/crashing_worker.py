"""The worker as a process of its own that dies, as if by `kill -9`, around one step.

    python -m tests.support.crashing_worker STEP before|after FLAG [CALL]

It dies at the first call of the activity STEP, or at a later one, and writes FLAG first, so that the next
one lives.
"""

import asyncio
import functools
import itertools
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import worker
from activities.events.confirm import ConfirmActivities
from activities.events.index import IndexingActivities
from activities.events.record import EventActivities
from activities.events.save import ProductActivities
from activities.sync.apply import Taking
from activities.sync.compare import CatalogSyncActivities
from activities.sync.first_import import FirstImportActivities
from activities.sync.missing import AbsentActivities
from settings import Settings

STEPS: dict[str, type] = {
    "record_event": EventActivities,
    "save_product": ProductActivities,
    "stage_chunks": IndexingActivities,
    "embed_chunks": IndexingActivities,
    "publish_chunks": IndexingActivities,
    "finish_event": EventActivities,
}
"""Those of every event."""

OTHERS: dict[str, type] = {"confirm_event": ConfirmActivities}

SYNC_STEPS: dict[str, type] = {
    "begin_sync": CatalogSyncActivities,
    "compare_pages": CatalogSyncActivities,
    "take_pages": CatalogSyncActivities,
    "weigh_absent": AbsentActivities,
    "take_absent": AbsentActivities,
    "finish_sync": CatalogSyncActivities,
    "_keep": CatalogSyncActivities,
    "take": Taking,
}
"""Those of every full sync; the last two are done for its pages, where a shop is quick for some together."""

IMPORT_STEPS: dict[str, type] = {"import_pages": FirstImportActivities, "take_listed": Taking}
"""Those of a shop's first sync, the latter for its pages, a few at a time."""


def arm(step: str, moment: str, flag: Path, call: int) -> None:
    """Make a call of the step deadly, once."""
    owner = (STEPS | OTHERS | SYNC_STEPS | IMPORT_STEPS)[step]
    calls = itertools.count(1)
    original: Callable[..., Awaitable[Any]] = getattr(owner, step)

    @functools.wraps(original)
    async def deadly(*arguments: Any) -> Any:
        is_it = next(calls) == call
        if is_it and moment == "before":
            die(flag)
        result = await original(*arguments)
        if is_it:
            die(flag)
        return result

    setattr(owner, step, deadly)


def die(flag: Path) -> None:
    if not flag.exists():
        flag.touch()
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    arm(sys.argv[1], sys.argv[2], Path(sys.argv[3]), int(*sys.argv[4:]) or 1)
    asyncio.run(worker.run(Settings()))
