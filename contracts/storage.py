"""Why Postgres stores nothing although it answers, by the SQLSTATE of its error."""

from enum import StrEnum


class StorageRefusal(StrEnum):
    """The kinds of refusals that no other statement would escape."""

    READ_ONLY = "read_only"
    DISK_FULL = "disk_full"
    NOT_MIGRATED = "not_migrated"


REASONS = {
    StorageRefusal.READ_ONLY: "Postgres accepts no writes: it is read-only or a standby.",
    StorageRefusal.DISK_FULL: "The disk of Postgres is full.",
    StorageRefusal.NOT_MIGRATED: "Postgres lacks a table or a column: run `pilito migrate`.",
}

_STATES = {
    "25006": StorageRefusal.READ_ONLY,
    "53100": StorageRefusal.DISK_FULL,
    "42P01": StorageRefusal.NOT_MIGRATED,
    "42703": StorageRefusal.NOT_MIGRATED,
}


def storage_refusal(error: BaseException) -> StorageRefusal | None:
    """Returns why Postgres stores nothing, from an error of SQLAlchemy; None for any other error."""
    state = getattr(getattr(error, "orig", None), "sqlstate", None)
    return _STATES.get(state) if isinstance(state, str) else None
