"""A worker process that kills itself with SIGKILL before or after one step.

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
from activities.events import first_tries
from activities.events.at_once import AtOnceActivities
from activities.events.confirm import ConfirmActivities
from activities.events.index import IndexingActivities
from activities.events.process import ProcessActivities
from activities.events.record import EventActivities
from activities.events.save import ProductActivities
from activities.events.stage import Stager
from activities.sync.apply import PageApplier
from activities.sync.compare import CatalogSyncActivities
from activities.sync.missing import MissingActivities
from settings import Settings

STEPS: dict[str, type] = {
    "record_event": EventActivities,
    "save": ProductActivities,
    "stage": Stager,
    "_embed_and_publish": AtOnceActivities,
    "embed_chunks": IndexingActivities,
    "publish_event": AtOnceActivities,
}
"""The steps of an event; `embed_chunks` and `publish_event` do what was not done at once."""

OTHERS: dict[str, type] = {"confirm_event": ConfirmActivities, "begin_event": ProcessActivities}

SYNC_STEPS: dict[str, type] = {
    "begin_sync": CatalogSyncActivities,
    "compare_pages": CatalogSyncActivities,
    "apply_pages": CatalogSyncActivities,
    "count_missing": MissingActivities,
    "remove_missing": MissingActivities,
    "finish_sync": CatalogSyncActivities,
    "_compare": CatalogSyncActivities,
    "apply": PageApplier,
}
"""The steps of every full sync; `_compare` is called for each page, `apply` for each group of pages."""

IMPORT_STEPS: dict[str, type] = {"import_pages": CatalogSyncActivities, "import_page": PageApplier}
"""The steps of a first import; `import_page` is called for each page."""


def arm(step: str, moment: str, flag: Path, call: int) -> None:
    """Make one call of the step kill the process."""
    if step in ("embed_chunks", "publish_event"):
        first_tries.PLACES = 0
    owner = (STEPS | OTHERS | SYNC_STEPS | IMPORT_STEPS)[step]
    calls = itertools.count(1)
    original: Callable[..., Awaitable[Any]] = getattr(owner, step)

    @functools.wraps(original)
    async def deadly(*arguments: Any, **named: Any) -> Any:
        is_it = next(calls) == call
        if is_it and moment == "before":
            die(flag)
        result = await original(*arguments, **named)
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
