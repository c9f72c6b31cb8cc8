"""What an error of the database means to a step.

Failures of shops are in `connectors.http.failures`, failures of embeddings in `embeddings.openai_failures`.
"""

from datetime import timedelta

from psycopg.errors import CardinalityViolation, ForeignKeyViolation
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, InterfaceError, OperationalError

from contracts.retry import Failure, Retry
from contracts.storage import REASONS, StorageRefusal, storage_refusal

REFUSED_INTERVAL = timedelta(minutes=5)
"""A rejected statement stays so until a migration or a deployment; more attempts would fill histories."""

STORE_GONE = Failure(retry=Retry.FATAL, reason="The store was removed.")


def database_failure(error: DBAPIError) -> Failure:
    """A value that Postgres cannot store is fatal; every other database failure is retried."""
    kind = type(error.orig).__name__
    if isinstance(error.orig, ForeignKeyViolation):
        return STORE_GONE
    if isinstance(error, DataError | IntegrityError) or isinstance(error.orig, CardinalityViolation):
        return Failure(retry=Retry.FATAL, reason=f"Postgres cannot store this product ({kind}).")
    refusal = storage_refusal(error)
    if refusal in (StorageRefusal.READ_ONLY, StorageRefusal.DISK_FULL):
        return Failure(retry=Retry.RETRY, reason=REASONS[refusal])
    if isinstance(error, OperationalError | InterfaceError) or error.connection_invalidated:
        return Failure(retry=Retry.RETRY, reason="The database cannot be reached.")
    return Failure(
        retry=Retry.RETRY,
        reason=f"The database rejects a statement ({kind}); run `pilito doctor` to check its migration.",
        pause=REFUSED_INTERVAL,
    )
