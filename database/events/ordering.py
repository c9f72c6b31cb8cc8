"""The order of changes: by the shop's time of change, then by arrival.

A change without a time, such as every deletion, comes after all changes that arrived before it. Among events
it is given the latest of their times, so that the order is total: an update that arrives late is not newer
than a deletion of a product that was changed after it.

The functions return SQL. A `Side` is a table alias or `BOUND`, the parameters of one
event or change.
"""

from typing import NewType

Side = NewType("Side", str)
"""How the columns of one side of a comparison are written: a prefix of their names."""

BOUND = Side(":")
"""The event or change in the parameters `version`, `received_at` and `id`."""

EXCLUDED = Side("excluded.")
"""The new row of an upsert."""

UNNAMED = Side("")
"""The only table of the statement, without an alias."""


def alias(name: str) -> Side:
    """Returns the side of a table alias."""
    return Side(f"{name}.")


def _version(side: Side, other: Side) -> str:
    return f"coalesce(CAST({side}version AS timestamptz), CAST({other}version AS timestamptz), '-infinity')"


def place(event: Side, *, of: Side = BOUND) -> str:
    """Returns the place of an event in the order of the events of one subject.

    The subject is the `store_id` and `external_id` of the side `of`.
    """
    return f"""(
        coalesce(CAST({event}version AS timestamptz),
                 (SELECT max(known.version) FROM events known
                  WHERE known.store_id = {of}store_id AND known.external_id = {of}external_id
                    AND known.received_at <= {event}received_at),
                 '-infinity'),
        {event}received_at, {event}id)"""


def is_older(event: Side, *, than: Side, of: Side = BOUND) -> str:
    """Returns SQL: whether an event is older than another one of the same subject; see `place`."""
    return f"{place(event, of=of)} < {place(than, of=of)}"


def may_be_newer(event: Side, *, than: Side) -> str:
    """Returns SQL: an index-friendly necessary condition for an event to be newer than another one.

    A newer event with a time has at least the other's time; one without a time arrived after the other, or
    after the first event with a later time.
    """
    return f"""(
        {event}version >= coalesce(CAST({than}version AS timestamptz),
                                   (SELECT max(known.version) FROM events known
                                    WHERE known.store_id = :store_id AND known.external_id = :external_id
                                      AND known.received_at <= {than}received_at),
                                   '-infinity')
        OR {event}version IS NULL
           AND {event}received_at >= least(CAST({than}received_at AS timestamptz),
                                           (SELECT min(known.received_at) FROM events known
                                            WHERE known.store_id = :store_id
                                              AND known.external_id = :external_id
                                              AND known.version > CAST({than}version AS timestamptz))))"""


def may_overwrite(row: Side, *, by: Side) -> str:
    """Returns SQL: whether a change may overwrite a row; it may if their times are equal."""
    return f"({_version(row, by)}, {row}received_at) <= ({_version(by, row)}, {by}received_at)"


def latest(row: Side, *, by: Side) -> str:
    """Returns SQL: the version of a row after a change has overwritten it."""
    return f"coalesce(CAST({by}version AS timestamptz), {row}version)"
