"""Heartbeats of long activities, and their details for the next attempt."""

from typing import Any

import pytest
from temporalio.testing import ActivityEnvironment

from activities import heartbeat as heartbeats
from activities.heartbeat import heartbeating


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> tuple[ActivityEnvironment, list[Any]]:
    """An activity environment without passing time, and the heartbeats it sent."""
    monkeypatch.setattr(heartbeats, "UPDATE_SECONDS", 3_600.0)
    heard: list[Any] = []
    activity = ActivityEnvironment()
    activity.on_heartbeat = lambda *details: heard.append(details)
    return activity, heard


async def test_the_first_and_the_last_details_are_sent(
    environment: tuple[ActivityEnvironment, list[Any]],
) -> None:
    """Details that are replaced within the interval are not sent."""
    activity, heard = environment

    async def step() -> None:
        async with heartbeating() as heart:
            for page in range(5):
                heart.update(page)
            assert heard == [(0,)]

    await activity.run(step)
    assert heard == [(0,), (4,)]


async def test_a_failing_activity_sends_its_last_details(
    environment: tuple[ActivityEnvironment, list[Any]],
) -> None:
    """Details that were sent are not sent again at the end."""
    activity, heard = environment

    async def step(last: int) -> None:
        async with heartbeating() as heart:
            for page in range(last + 1):
                heart.update(page)
            raise OSError("the shop is gone")

    for last in (1, 0):
        with pytest.raises(OSError, match="the shop is gone"):
            await activity.run(step, last)
    assert heard == [(0,), (1,), (0,)]


async def test_an_activity_without_details_sends_no_heartbeat(
    environment: tuple[ActivityEnvironment, list[Any]],
) -> None:
    """The first heartbeat of an activity is a write in Temporal, so a short activity sends none."""
    activity, heard = environment

    async def step() -> None:
        async with heartbeating():
            assert heard == []

    await activity.run(step)
    assert heard == []
