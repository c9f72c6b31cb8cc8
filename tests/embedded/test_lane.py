"""The threads that embed: requests take turns, and work that is not wanted any more is not done."""

import asyncio
import threading
from collections.abc import Sequence

import numpy as np
import pytest

from embedded.embedding.e5 import Singles
from embedded.embedding.lane import Busy, Lane, Step
from tests.support.eventually import eventually


def steps(*names: str, tokens: int = 1) -> list[Step]:
    return [Step(texts=(name,), tokens=tokens) for name in names]


class Engine:
    """Embeds each text once `go` is set, and keeps the order in which texts were begun."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.go = threading.Event()

    def __call__(self, texts: Sequence[str]) -> Singles:
        self.begun.extend(texts)
        assert self.go.wait(30)
        if "broken" in texts:
            raise RuntimeError("no vector")
        return np.full((len(texts), 1), len(self.begun), np.float32)


@pytest.fixture
def engine() -> Engine:
    return Engine()


async def begun(engine: Engine, count: int) -> None:
    await eventually(
        lambda: asyncio.sleep(0, len(engine.begun)), lambda found: found >= count, what="the steps"
    )


async def test_requests_take_turns(engine: Engine) -> None:
    """A small request does not wait for all of a large one; answers come in the order of their steps."""
    lane = Lane(threads=1, most_seconds=60, seconds_per_token=0.001)
    large = asyncio.create_task(lane.run(steps("a", "b", "c", "d"), engine))
    await begun(engine, 1)
    small = asyncio.create_task(lane.run(steps("کفش"), engine))
    await asyncio.sleep(0)
    engine.go.set()
    assert len(await small) == 1
    assert [int(answer[0][0]) for answer in await large] == [1, 2, 4, 5]
    assert engine.begun == ["a", "b", "کفش", "c", "d"]


async def test_a_request_that_is_cancelled_begins_no_further_step(engine: Engine) -> None:
    """The call that runs ends, the others are never made, and nothing of them waits."""
    lane = Lane(threads=1, most_seconds=60, seconds_per_token=0.001)
    given_up = asyncio.create_task(lane.run(steps("a", "b", "c"), engine))
    await begun(engine, 1)
    given_up.cancel()
    await asyncio.gather(given_up, return_exceptions=True)
    engine.go.set()
    await lane.run(steps("next"), engine)
    assert engine.begun == ["a", "next"]
    assert lane.seconds_waiting == 0


async def test_a_request_that_would_wait_for_too_long_is_refused(engine: Engine) -> None:
    """It is asked to come back when half of the work is done; an idle lane takes any request."""
    lane = Lane(threads=2, most_seconds=10, seconds_per_token=1)
    waiting = asyncio.create_task(lane.run(steps("a", "b", "c", tokens=10), engine))
    await begun(engine, 2)
    with pytest.raises(Busy) as busy:
        await lane.run(steps("d"), engine)
    assert busy.value.retry_after == 8
    engine.go.set()
    await waiting
    assert len(await lane.run(steps("e"), engine)) == 1


async def test_a_step_that_fails_fails_its_request_alone(engine: Engine) -> None:
    """The thread goes on with the next one."""
    engine.go.set()
    lane = Lane(threads=1, most_seconds=60, seconds_per_token=0.001)
    with pytest.raises(RuntimeError, match="no vector"):
        await lane.run(steps("broken", "never"), engine)
    assert len(await lane.run(steps("whole"), engine)) == 1
    assert lane.seconds_waiting == 0
