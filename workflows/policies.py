"""How patient we are with each kind of work."""

from datetime import timedelta

from temporalio.common import RetryPolicy
from temporalio.workflow import ActivityConfig, LocalActivityConfig

DATABASE = LocalActivityConfig(
    start_to_close_timeout=timedelta(seconds=40),
    local_retry_threshold=timedelta(seconds=2),
    retry_policy=RetryPolicy(
        initial_interval=timedelta(milliseconds=200),
        maximum_interval=timedelta(seconds=20),
    ),
)
"""Short idempotent steps on the database, in the worker itself; a database that is down is waited for.

Their inputs are in no history. Pauses above the threshold become timers, so waiting survives the worker.
"""

EMBEDDING = ActivityConfig(
    start_to_close_timeout=timedelta(minutes=15),
    heartbeat_timeout=timedelta(seconds=15),
    retry_policy=RetryPolicy(
        initial_interval=timedelta(seconds=1),
        maximum_interval=timedelta(seconds=60),
    ),
)
"""Calls that cost money; how long a failure may last is decided in `activities.failures`."""

TRIMMING = ActivityConfig(
    start_to_close_timeout=timedelta(minutes=30),
    heartbeat_timeout=timedelta(minutes=1),
    retry_policy=RetryPolicy(
        initial_interval=timedelta(seconds=1),
        maximum_interval=timedelta(minutes=5),
    ),
)
"""Many short transactions; whoever takes over from a dead worker goes on after its last one."""

READING = ActivityConfig(
    start_to_close_timeout=timedelta(minutes=30),
    schedule_to_close_timeout=timedelta(hours=6),
    heartbeat_timeout=timedelta(seconds=15),
    retry_policy=RetryPolicy(
        initial_interval=timedelta(seconds=1),
        maximum_interval=timedelta(minutes=5),
    ),
)
"""A page of a shop's catalogue; a shop that is down for longer is read at the next turn of its schedule."""

ALIGNING = ActivityConfig(
    start_to_close_timeout=timedelta(minutes=8),
    schedule_to_close_timeout=timedelta(minutes=9),
    heartbeat_timeout=timedelta(seconds=15),
    retry_policy=RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=1)),
)
"""A few calls to Temporal per store that changed; the next turn of its schedule does what is left."""

INBOX_INTERVAL = timedelta(seconds=5)
"""How often events that Temporal could not take are offered to it again."""
