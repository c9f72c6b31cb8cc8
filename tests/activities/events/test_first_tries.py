"""The places for embedding at once: when there are some, and when a service is left alone."""

from contextlib import ExitStack
from datetime import timedelta

import pytest

from activities.events.first_tries import CLOSED_FOR, PLACES, FirstTries


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tries(clock: Clock) -> FirstTries:
    return FirstTries(clock)


def free(tries: FirstTries) -> int:
    """Returns how many places are free."""
    with ExitStack() as held:
        return sum(held.enter_context(tries.place()) for _ in range(PLACES + 1))


def test_places_are_bounded_and_given_back(tries: FirstTries) -> None:
    """As many tries as there are places run at a time."""
    assert free(tries) == PLACES
    with tries.place():
        assert free(tries) == PLACES - 1
    assert free(tries) == PLACES


def test_a_place_is_given_back_by_a_try_that_raises(tries: FirstTries) -> None:
    """No error takes a place for good."""
    with pytest.raises(ZeroDivisionError), tries.place():
        raise ZeroDivisionError
    assert free(tries) == PLACES


def test_a_failure_closes_all_places_then_opens_one(tries: FirstTries, clock: Clock) -> None:
    """A service that was down is tried by one event; the others follow after a success."""
    with tries.place():
        tries.failed()
    assert (free(tries), tries.are_open) == (0, False)
    clock.seconds += CLOSED_FOR.total_seconds()
    assert (free(tries), tries.are_open) == (1, True)
    with tries.place():
        tries.failed()
    assert free(tries) == 0
    clock.seconds += CLOSED_FOR.total_seconds()
    with tries.place():
        tries.succeeded()
    assert free(tries) == PLACES


def test_a_service_is_left_alone_for_as_long_as_it_asks(tries: FirstTries, clock: Clock) -> None:
    """`Retry-After` counts where it is longer, also if another try fails before its end."""
    tries.failed(timedelta(minutes=5))
    tries.failed(timedelta(seconds=1))
    clock.seconds += 299
    assert free(tries) == 0
    clock.seconds += 1
    assert free(tries) == 1
