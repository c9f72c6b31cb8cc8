"""What a long step leaves for whoever does it again."""

from typing import Any

import pytest
from temporalio.testing import ActivityEnvironment

from activities import heartbeat as heartbeats
from activities.heartbeat import heartbeating


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> tuple[ActivityEnvironment, list[Any]]:
    """One in which no time passes, and what Temporal hears."""
    monkeypatch.setattr(heartbeats, "UPDATE_SECONDS", 3_600.0)
    heard: list[Any] = []
    activity = ActivityEnvironment()
    activity.on_heartbeat = lambda *details: heard.append(details)
    return activity, heard


async def test_the_first_and_the_last_are_told(environment: tuple[ActivityEnvironment, list[Any]]) -> None:
    """What comes between is told only where it is still true some time later."""
    activity, heard = environment

    async def step() -> None:
        async with heartbeating() as heart:
            for page in range(5):
                heart.tell(page)
            assert heard == [(0,)]

    await activity.run(step)
    assert heard == [(0,), (4,)]


async def test_a_step_that_fails_tells_how_far_it_came(
    environment: tuple[ActivityEnvironment, list[Any]],
) -> None:
    """What was told already is not told again."""
    activity, heard = environment

    async def step(last: int) -> None:
        async with heartbeating() as heart:
            for page in range(last + 1):
                heart.tell(page)
            raise OSError("the shop is gone")

    for last in (1, 0):
        with pytest.raises(OSError, match="the shop is gone"):
            await activity.run(step, last)
    assert heard == [(0,), (1,), (0,)]


async def test_a_step_with_nothing_to_tell_does_not(
    environment: tuple[ActivityEnvironment, list[Any]],
) -> None:
    """The first heartbeat of a step is a write in Temporal."""
    activity, heard = environment

    async def step() -> None:
        async with heartbeating():
            assert heard == []

    await activity.run(step)
    assert heard == []
