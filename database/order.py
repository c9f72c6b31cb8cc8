"""Which of two changes is the later one: by the shop's time, then by arrival.

A change without a time of its own, as every deletion is, is ordered by arrival alone.
"""


def _version(side: str, other: str) -> str:
    return f"coalesce(CAST({side}version AS timestamptz), CAST({other}version AS timestamptz), '-infinity')"


def is_older(this: str, other: str) -> str:
    """SQL: whether `this` event is older than the `other`; both are prefixes of column names."""
    return (
        f"({_version(this, other)}, {this}received_at, {this}id)"
        f" < ({_version(other, this)}, {other}received_at, {other}id)"
    )


def may_overwrite(row: str, change: str) -> str:
    """SQL: whether a change may overwrite a row; equal times may."""
    return f"({_version(row, change)}, {row}received_at) <= ({_version(change, row)}, {change}received_at)"


def latest(row: str, change: str) -> str:
    """SQL: the version a row has once a change is written over it."""
    return f"coalesce(CAST({change}version AS timestamptz), {row}version)"
