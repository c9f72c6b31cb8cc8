"""How long a step is retried, where that is more or less than its policy in `workflows.policies` says.

Temporal's times are compared only with each other, because the worker's own clock may be wrong.
"""

import time
from dataclasses import replace
from datetime import datetime, timedelta

from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from contracts.retry import Failure, Retry

LONGEST_WAIT = timedelta(seconds=30)
"""The most that a wait for a turn grows to."""

NOT_FAILING = ""
"""Sent explicitly, because a heartbeat without details keeps the details of the one before."""


def attempt() -> int:
    """Returns which attempt of its step this is, from 1."""
    return activity.info().attempt if activity.in_activity() else 1


def within_deadline(failure: Failure, deadline: timedelta) -> Failure:
    """Returns the failure, made fatal once temporary failures have followed each other for `deadline`.

    The heartbeat hands the time of the first failure in a row to the next attempt. A failure that an operator
    must fix ends the row, so that waiting for the operator does not count.
    """
    if failure.retry is not Retry.RETRY:
        activity.heartbeat(NOT_FAILING)
        return failure
    now = activity.info().started_time
    since = _failing_since() or now
    if now - since > deadline:
        return Failure(retry=Retry.FATAL, reason=f"{failure.reason} Given up after {now - since}.")
    activity.heartbeat(since.isoformat())
    return failure


def _failing_since() -> datetime | None:
    """Returns the time of the first temporary failure in the current row of failures."""
    since = "".join(activity.info().heartbeat_details)
    return datetime.fromisoformat(since) if since else None


class TimeLeft:
    """How much of `timeout` is left since the activity was scheduled; made when the attempt starts."""

    def __init__(self, timeout: timedelta) -> None:
        info = activity.info()
        self._left = timeout - (info.started_time - info.scheduled_time)
        self._began = time.monotonic()

    def now(self) -> timedelta:
        """Returns the time that is left; negative once it is over."""
        return self._left - timedelta(seconds=time.monotonic() - self._began)


def is_final(error: ApplicationError, left: TimeLeft) -> bool:
    """Returns whether an operator must act first, or the next attempt would come too late."""
    return error.type != Retry.RETRY or (error.next_retry_delay or timedelta()) > left.now()


def longer_each_time(error: ApplicationError) -> timedelta | None:
    """Returns the pause before the next attempt; that of an expected wait grows with the attempts.

    Hundreds of steps that wait for one shop, or for places, then leave the worker time for others.
    """
    pause = error.next_retry_delay
    if pause is None or error.category is not ApplicationErrorCategory.BENIGN:
        return pause
    return max(pause, min(pause * activity.info().attempt, LONGEST_WAIT))


def waiting_longer(error: ApplicationError) -> ApplicationError:
    """Returns the error with the pause that `longer_each_time` returns."""
    return ApplicationError(
        error.message,
        type=error.type,
        non_retryable=error.non_retryable,
        next_retry_delay=longer_each_time(error),
        category=error.category,
    )


def fatal_if_blocked(error: ApplicationError) -> ApplicationError:
    """Returns the error, made fatal if an operator must act: for work that a schedule repeats anyway."""
    if error.type != Retry.BLOCKED:
        return error
    return ApplicationError(error.message, type=Retry.FATAL, non_retryable=True, category=error.category)


def retried_if_blocked(failure: Failure) -> Failure:
    """Returns the failure, to be retried until the step's policy ends even if an operator must act."""
    return replace(failure, retry=Retry.RETRY) if failure.retry is Retry.BLOCKED else failure
