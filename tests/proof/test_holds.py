"""Workers and embedding calls are held by files, and continue when the files are gone."""

import asyncio
import random
import threading
from pathlib import Path
from unittest import mock

import httpx2
import pytest
from temporalio.testing import ActivityEnvironment
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput

from embedded.ports import free_ports
from proof.crash.steps import Holds as Folder
from proof.crash.traffic import VERSIONS, crowd
from proof.running.embeddings import HoldingServer
from proof.running.part import Clock
from proof.running.stepping import Holds
from tests.support.eventually import eventually


class _Step(ActivityInboundInterceptor):
    """Counts the runs of an activity."""

    def __init__(self) -> None:
        self.runs = 0

    async def execute_activity(self, input: ExecuteActivityInput) -> str:  # noqa: A002 - Temporal's name
        self.runs += 1
        return "done"


async def test_an_activity_is_held_once_before_it_runs(tmp_path: Path) -> None:
    """Only in the workflow that the file names, until the file is removed."""
    environment = ActivityEnvironment()
    environment.info = mock.Mock(
        activity_type="save_product", workflow_id="product-event/q/3/kill-000007", is_local=True
    )
    step = _Step()
    held = Holds(tmp_path).intercept_activity(step)
    (tmp_path / "before.save_product.kill-000008").touch()
    assert await environment.run(held.execute_activity, mock.Mock()) == "done"
    file = tmp_path / "before.save_product.kill-000007_"
    file.touch()
    running = asyncio.ensure_future(environment.run(held.execute_activity, mock.Mock()))
    reached = tmp_path / f"reached.{file.name}"
    await eventually(lambda: asyncio.sleep(0, reached.exists()), what="the hold")
    assert step.runs == 1
    file.unlink()
    assert await running == "done"
    file.touch()
    assert await environment.run(held.execute_activity, mock.Mock()) == "done"
    assert (tmp_path / "ran.save_product").exists()


def test_a_call_of_the_embedding_server_is_held(tmp_path: Path) -> None:
    """Others are answered, also on the port that it had before it was killed."""
    (port,) = free_ports(1)
    with HoldingServer(port, tmp_path) as server:
        file = tmp_path / "call.marked"
        file.touch()
        url = f"{server.base_url}/embeddings"
        assert f":{port}/" in url

        def ask(text: str) -> int:
            body = {"input": [text], "model": "text-embedding-3-small"}
            headers = {"Authorization": "Bearer k"}
            return httpx2.post(url, json=body, headers=headers, trust_env=False, timeout=20).status_code

        assert ask("سماور") == 200
        waiting = threading.Thread(target=lambda: ask("a marked kettle"))
        waiting.start()
        server.wait_for_requests(2)
        while not (tmp_path / "reached.call.marked").exists():
            pass
        assert waiting.is_alive()
        file.unlink()
        waiting.join(20)
        assert not waiting.is_alive()
        (tmp_path / "refuse.marked").touch()
        assert [ask("a marked kettle"), ask("a marked kettle")] == [500, 200]


def test_holds_know_what_was_not_reached(tmp_path: Path) -> None:
    """And only an activity that has run can be held."""
    holds = Folder(tmp_path)
    with pytest.raises(LookupError, match="save_product"):
        holds.hold("save", "before", "x")
    (tmp_path / "ran.save_product").touch()
    holds.hold("save", "before", "x")
    holds.hold_call("y")
    assert holds.missed == ["embed", "save"]
    (tmp_path / "reached.before.save_product.x").touch()
    assert holds.missed == ["embed"]
    holds.release()
    assert holds.missed == []
    assert not list(tmp_path.glob("before.*"))


def test_a_crowd_is_doubled_and_out_of_order() -> None:
    """Each version twice under one event id, in the same order in every run."""
    made = crowd(range(5), random.Random(1), mark="m")  # noqa: S311 - disorder, not secrecy
    ids = [each.event_id for each in made]
    assert len(ids) == 2 * len(set(ids)) == 2 * 5 * VERSIONS
    versions = [each.version for each in made]
    assert versions != sorted(versions)
    newest = max(made, key=lambda each: each.version).body["product"]["date_modified_gmt"]
    assert newest == max(each.body["product"]["date_modified_gmt"] for each in made)


def test_a_clock_is_moved_by_its_file(tmp_path: Path) -> None:
    """libfaketime reads the offset with its sign."""
    clock = Clock(tmp_path / "clocks" / "API", Path("/usr/lib/faketime.so"))
    file = Path(clock.variables["FAKETIME_TIMESTAMP_FILE"])
    assert file.read_text() == "+0"
    clock.set(-60)
    assert file.read_text() == "-60"
