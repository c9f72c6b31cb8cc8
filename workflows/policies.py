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

SHOP = ActivityConfig(
    start_to_close_timeout=timedelta(minutes=15),
    heartbeat_timeout=timedelta(seconds=15),
    retry_policy=RetryPolicy(
        initial_interval=timedelta(seconds=1),
        maximum_interval=timedelta(seconds=60),
    ),
)
"""Looks into a shop; how long they may hold an event up is decided in `activities.pulling`."""

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
    start_to_close_timeout=timedelta(hours=2),
    schedule_to_close_timeout=timedelta(hours=6),
    heartbeat_timeout=timedelta(seconds=15),
    retry_policy=RetryPolicy(
        initial_interval=timedelta(seconds=1),
        maximum_interval=timedelta(minutes=5),
    ),
)
"""Some pages of a shop's catalogue; one that is down for longer is read at its schedule's next turn."""

UPKEEP = ActivityConfig(
    start_to_close_timeout=timedelta(minutes=2),
    schedule_to_close_timeout=timedelta(minutes=3),
    heartbeat_timeout=timedelta(seconds=15),
    retry_policy=RetryPolicy(
        initial_interval=timedelta(seconds=1),
        maximum_interval=timedelta(seconds=20),
    ),
)
"""What a walk does not depend on, and does not wait for long; the next one tries again."""

ALIGNING = ActivityConfig(
    start_to_close_timeout=timedelta(minutes=8),
    schedule_to_close_timeout=timedelta(minutes=9),
    heartbeat_timeout=timedelta(seconds=15),
    retry_policy=RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=1)),
)
"""A few calls to Temporal per store that changed; the next turn of its schedule does what is left."""

INBOX_INTERVAL = timedelta(seconds=5)
"""How often events that Temporal could not take are offered to it again."""
