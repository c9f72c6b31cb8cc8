"""How long a step waits before its next attempt."""

from dataclasses import replace
from datetime import timedelta

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.errors import application_error
from activities.retry_limits import LONGEST_WAIT, waiting_longer
from activities.stores.places import BUSY, SLOW
from contracts.retry import Failure, Retry


def pause(failure: Failure, attempt: int) -> timedelta | None:
    """Returns the pause after this attempt of a step that fails."""

    def step() -> ApplicationError:
        return waiting_longer(application_error(failure))

    environment = ActivityEnvironment()
    environment.info = replace(environment.info, attempt=attempt)
    error = environment.run(step)
    assert (error.message, error.type) == (failure.reason, failure.retry)
    return error.next_retry_delay


@pytest.mark.parametrize("failure", [BUSY, SLOW])
def test_the_pause_of_an_expected_wait_grows(failure: Failure) -> None:
    """A thousand steps that wait for places do not ask for them every second."""
    assert failure.pause
    assert [pause(failure, attempt) for attempt in (1, 2, 1_000)] == [
        failure.pause,
        2 * failure.pause,
        LONGEST_WAIT,
    ]


def test_a_pause_above_the_longest_stays() -> None:
    """A shop that asks for an hour gets an hour."""
    hour = replace(BUSY, pause=timedelta(hours=1))
    assert pause(hour, 1) == pause(hour, 5) == timedelta(hours=1)


def test_other_errors_keep_their_pause() -> None:
    """An unexpected error has Temporal's pause, or its own."""
    for own in (None, timedelta(seconds=2)):
        assert pause(Failure(retry=Retry.RETRY, reason="It rains.", pause=own), 9) == own
