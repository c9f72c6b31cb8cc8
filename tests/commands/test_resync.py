"""`pilito resync`, as an operator types it."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, STDOUT
from pathlib import Path

import pytest

from tests.support.sync.syncs import Synced
from tests.support.system import System


class Typed:
    """`pilito resync` with these arguments; its output is no terminal."""

    def __init__(self, system: System, folder: Path) -> None:
        settings = system.settings
        self._folder = folder
        self._environment = {
            "PATH": os.environ["PATH"],
            "COLUMNS": "100",
            "PILITO_DATABASE_URL": settings.database_url or "",
            "PILITO_TEMPORAL_ADDRESS": settings.temporal_address or "",
            "PILITO_TASK_QUEUE": settings.task_queue,
        }

    async def begin(self, *arguments: object, **environment: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            Path(sys.executable).with_name("pilito"),
            "resync",
            *map(str, arguments),
            cwd=self._folder,
            env=self._environment | environment,
            stdout=PIPE,
            stderr=STDOUT,
        )

    async def run(self, *arguments: object, **environment: str) -> tuple[int, str]:
        """Exit code and what was printed."""
        process = await self.begin(*arguments, **environment)
        printed, _ = await process.communicate()
        return process.returncode or 0, printed.decode()


@pytest.fixture
def typed(reading: System, tmp_path: Path) -> Typed:
    return Typed(reading, tmp_path)


async def over(synced: Synced) -> None:
    """Wait until the store's workflow has ended, so that another may be started."""
    handle = synced.system.temporal.get_workflow_handle(synced.workflow_id)
    await asyncio.wait([asyncio.ensure_future(handle.result())])


def row(printed: str, name: str) -> str:
    """Returns the number in the report's row of this name."""
    [found] = [line for line in printed.splitlines() if name in line and "│" in line]
    return found.strip(" │").split("│")[1].strip()


async def test_a_full_resync_ends_with_its_report(synced: Synced, typed: Typed) -> None:
    """Seen, new, changed, the same, removed and unreadable, and the tokens that were spent and saved."""
    ids = [synced.shop.add(name=f"کفش {number}") for number in range(12)]
    code, printed = await typed.run(synced.store.store_id, "--full")
    assert code == 0, printed
    assert "Everything the shop lists was compared." in printed
    assert (row(printed, "products the shop lists"), row(printed, "new here")) == ("12", "12")
    assert int(row(printed, "embedding tokens spent")) > 0
    await over(synced)
    synced.shop.delete(ids[0])
    code, printed = await typed.run(synced.store.store_id, "--full", "--dry-run")
    assert code == 0, printed
    assert (row(printed, "found: silent delete"), row(printed, "removed")) == ("1", "0")
    await over(synced)
    code, printed = await typed.run(synced.store.store_id)
    assert (code, "incremental" in printed) == (0, True), printed


async def test_a_refused_sync_is_an_error_with_its_reason(synced: Synced, typed: Typed) -> None:
    """Until it is allowed."""
    ids = [synced.shop.add(name=f"کفش {number}") for number in range(10)]
    await synced.sync()
    for id_ in ids[:3]:
        synced.shop.delete(id_)
    code, printed = await typed.run(synced.store.store_id, "--full")
    assert (code, "3 of 10 products would vanish" in printed) == (1, True), printed
    await over(synced)
    code, printed = await typed.run(synced.store.store_id, "--full", "--allow-gone")
    assert (code, row(printed, "removed")) == (0, "3")


async def test_a_running_sync_is_followed(synced: Synced, typed: Typed) -> None:
    """A sync continues after `--no-wait`."""
    synced.shop.add(name="کفش")
    synced.shop.fail_always("hang")
    code, printed = await typed.run(synced.store.store_id, "--full", "--no-wait")
    assert (code, "Started the full sync" in printed) == (0, True), printed
    await asyncio.to_thread(synced.shop.wait_for_requests, 1)
    second = await typed.begin(synced.store.store_id)
    assert second.stdout
    assert b"already running" in await second.stdout.readline()
    synced.shop.fail_always(None)
    synced.shop.release()
    told, _ = await second.communicate()
    assert (second.returncode, row(told.decode(), "new here")) == (0, "1")


async def test_a_sync_that_is_terminated_is_not_waited_for(synced: Synced, typed: Typed) -> None:
    """The message names the Temporal UI."""
    synced.shop.fail_always("hang")
    watching = await typed.begin(synced.store.store_id, "--full")
    await asyncio.to_thread(synced.shop.wait_for_requests, 1)
    handle = synced.system.temporal.get_workflow_handle(synced.workflow_id)
    await handle.terminate("by hand")
    printed, _ = await watching.communicate()
    assert (watching.returncode, b"ended without reporting a result" in printed) == (1, True), printed
    synced.shop.release()


async def test_errors_are_one_sentence(reading: System, synced: Synced, typed: Typed) -> None:
    """No such store, none that can be read, no Temporal; never a trace of calls."""
    bare = (await reading.shop()).store_id
    nowhere = {"PILITO_TEMPORAL_ADDRESS": "127.0.0.1:1"}
    for code, printed, said in (
        (*(await typed.run(10**15)), "There is no store"),
        (*(await typed.run(bare)), "base_url: set it"),
        (*(await typed.run(synced.store.store_id, **nowhere)), "Nothing was started."),
    ):
        assert (code, said in printed, "Traceback" in printed) == (1, True, False), printed
