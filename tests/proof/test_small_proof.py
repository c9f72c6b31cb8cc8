"""A small version of the proof: one rate, and one part killed at every step."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from proof import freshness
from proof.crash.faults import FAULTS
from proof.crash.matrix import IN_FLIGHT, Case
from proof.crash.steps import DEBOUNCE, EVENT_STEPS
from proof.crash.world import DIMENSIONS, World
from proof.running.stack import Stack, Terms, running

SYNCS = ("index", "missing")


@pytest.fixture(autouse=True)
def crash() -> None:
    """Marks every test of this module."""


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with running(Terms(dimensions=DIMENSIONS, debounce_seconds=1, holds=True)) as started:
        yield started


@pytest.mark.timeout(180)
def test_a_worker_killed_at_every_step_loses_and_doubles_nothing(stack: Stack) -> None:
    """Every step of an event and of a sync is held when it dies, and a crowd of events is under way."""
    with ExitStack() as contexts:
        world = World(stack, contexts, crowd_products=6, sync_steps=SYNCS)
        row = Case(world, "worker", FAULTS["kill"], seconds_frozen=1).run()
    assert row.passed, row
    assert set(row.cells) == {*EVENT_STEPS, DEBOUNCE, *SYNCS, IN_FLIGHT}
    assert set(row.cells.values()) == {"0"}


def test_changes_are_measured_until_they_are_searchable(stack: Stack) -> None:
    """In the plugin's way, at one rate; whether the targets hold, a busy machine cannot say."""
    rows = freshness.measure_one(stack, "token", rate=5, events=10)
    assert [row.name for row in rows] == [f"the plugin's way, 5 a second: p{n}" for n in freshness.TARGETS]
    assert all("of 10 events, debounce 1 s" in row.measured for row in rows), rows
