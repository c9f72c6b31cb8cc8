"""What an error of the database means to a step.

Failures of shops are in `connectors.http.failures`, failures of embeddings in `embeddings.openai_failures`.
"""

from datetime import timedelta

import psycopg
from psycopg.errors import CardinalityViolation, ForeignKeyViolation
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, InterfaceError, OperationalError

from contracts import storage
from contracts.retry import Failure, Retry
from contracts.storage import StorageRefusal
from database.connecting.problems import has_no_connection_left

REFUSED_INTERVAL = timedelta(minutes=5)
"""A rejected statement stays so until a migration or a deployment; more attempts would fill histories."""

STORE_GONE = Failure(retry=Retry.FATAL, reason="The store was removed.")

UNREACHABLE = "The database cannot be reached."

REASONS = {
    "08": UNREACHABLE,
    "25006": storage.REASONS[StorageRefusal.READ_ONLY],
    "40": "Another transaction changed the same rows.",
    "53100": storage.REASONS[StorageRefusal.DISK_FULL],
    "53200": "The database is out of memory.",
    "53300": "The database has no connection left.",
    "53": "The database lacks a resource.",
    "55P03": "A lock in the database was not free in time.",
    "57014": "The database took too long for a statement.",
    "57": UNREACHABLE,
    "58": "The database has a problem with its files.",
}
"""The reasons of temporary failures by SQLSTATE, or by its class: the first two characters."""


def _temporary(error: DBAPIError) -> str | None:
    """Returns the reason of a failure that passes; None if Postgres rejects the statement itself."""
    state = error.orig.sqlstate if isinstance(error.orig, psycopg.Error) else None
    if state and (reason := REASONS.get(state) or REASONS.get(state[:2])):
        return reason
    if has_no_connection_left(error):
        return REASONS["53300"]
    is_unknown = state is None and isinstance(error, OperationalError | InterfaceError)
    return UNREACHABLE if is_unknown or error.connection_invalidated else None


def database_failure(error: DBAPIError) -> Failure:
    """A value that Postgres cannot store or read is fatal; every other database failure is retried."""
    kind = type(error.orig).__name__
    if isinstance(error.orig, ForeignKeyViolation):
        return STORE_GONE
    if isinstance(error, DataError | IntegrityError) or isinstance(error.orig, CardinalityViolation):
        return Failure(retry=Retry.FATAL, reason=f"Postgres cannot store this product ({kind}).")
    if isinstance(error.orig, psycopg.Error) and (error.orig.sqlstate or "").startswith("54"):
        return Failure(retry=Retry.FATAL, reason=f"The product is too large for Postgres ({kind}).")
    if reason := _temporary(error):
        return Failure(retry=Retry.RETRY, reason=reason)
    return Failure(
        retry=Retry.RETRY,
        reason=f"The database rejects a statement ({kind}); run `pilito doctor` to check its migration.",
        pause=REFUSED_INTERVAL,
    )
