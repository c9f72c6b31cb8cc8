"""Timeouts and retry policies of each kind of activity."""

from datetime import timedelta

from temporalio.common import Priority, RetryPolicy
from temporalio.workflow import ActivityConfig, LocalActivityConfig

IN_ORDER = 3
"""Temporal's default priority; lower numbers go first."""

BEHIND_EVENTS = 4
"""The priority of a sync's activities."""


def of_store(store_id: int, priority: int = IN_ORDER) -> Priority:
    """Returns the priority with which stores take turns, however many tasks one of them has queued.

    A workflow's activities and child workflows inherit it. Temporal compares keys of up to 64 bytes.
    """
    return Priority(priority_key=priority, fairness_key=str(store_id))


DATABASE = LocalActivityConfig(
    start_to_close_timeout=timedelta(seconds=40),
    local_retry_threshold=timedelta(seconds=2),
    retry_policy=RetryPolicy(
        initial_interval=timedelta(milliseconds=200),
        maximum_interval=timedelta(seconds=20),
    ),
)
"""Short idempotent local activities on the database; they are retried for as long as it is down.

Their inputs are not in the history. Pauses above the threshold become timers, so a retry survives the worker.
"""

AT_ONCE = LocalActivityConfig(
    start_to_close_timeout=timedelta(seconds=20),
    retry_policy=RetryPolicy(maximum_attempts=1),
)
"""One try of all that indexes a text; `activities.events.first_tries` has the limits of its embedding."""

EMBEDDING = ActivityConfig(
    start_to_close_timeout=timedelta(minutes=15),
    heartbeat_timeout=timedelta(seconds=15),
    retry_policy=RetryPolicy(
        initial_interval=timedelta(seconds=1),
        maximum_interval=timedelta(seconds=60),
    ),
)
"""Calls that cost money; `activities.events.index` decides how long a failure may last."""

SHOP = ActivityConfig(
    start_to_close_timeout=timedelta(minutes=15),
    heartbeat_timeout=timedelta(seconds=15),
    retry_policy=RetryPolicy(
        initial_interval=timedelta(seconds=1),
        maximum_interval=timedelta(seconds=60),
    ),
)
"""Confirmations by a shop; `activities.events.confirm` decides how long they may delay an event."""

TRIMMING = ActivityConfig(
    start_to_close_timeout=timedelta(minutes=30),
    heartbeat_timeout=timedelta(minutes=1),
    retry_policy=RetryPolicy(
        initial_interval=timedelta(seconds=1),
        maximum_interval=timedelta(minutes=5),
    ),
)
"""Many short transactions; a retry resumes after the last one."""

READING = ActivityConfig(
    start_to_close_timeout=timedelta(hours=2),
    schedule_to_close_timeout=timedelta(hours=6),
    heartbeat_timeout=timedelta(seconds=15),
    retry_policy=RetryPolicy(
        initial_interval=timedelta(seconds=1),
        maximum_interval=timedelta(minutes=5),
    ),
)
"""Pages of a shop's catalogue; a shop that is down for longer is read at the next scheduled sync."""

UPKEEP = ActivityConfig(
    start_to_close_timeout=timedelta(minutes=2),
    schedule_to_close_timeout=timedelta(minutes=3),
    heartbeat_timeout=timedelta(seconds=15),
    retry_policy=RetryPolicy(
        initial_interval=timedelta(seconds=1),
        maximum_interval=timedelta(seconds=20),
    ),
)
"""The check of webhooks, which a sync does not depend on; the next sync tries again."""

ALIGNING = ActivityConfig(
    start_to_close_timeout=timedelta(minutes=8),
    schedule_to_close_timeout=timedelta(minutes=9),
    heartbeat_timeout=timedelta(seconds=15),
    retry_policy=RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=1)),
)
"""A few calls to Temporal per changed store; the next scheduled run does the rest."""

INBOX_INTERVAL = timedelta(seconds=5)
"""How often the inbox tries to start the events that Temporal has not accepted yet."""
