"""What an error of the database means to a step.

Failures of shops are in `connectors.http.failures`, those of embeddings in `embeddings.openai`.
"""

from datetime import timedelta

from psycopg.errors import CardinalityViolation, ForeignKeyViolation
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, InterfaceError, OperationalError

from contracts.retry import Failure, Retry

REFUSED_INTERVAL = timedelta(minutes=5)
"""The pause after a refused statement: only a migration or deployment helps, and histories stay short."""

STORE_GONE = Failure(retry=Retry.FATAL, reason="Its store was removed.")


def database_failure(error: DBAPIError) -> Failure:
    """Returns FATAL for a value Postgres can never store, RETRY for everything else."""
    kind = type(error.orig).__name__
    if isinstance(error.orig, ForeignKeyViolation):
        return STORE_GONE
    if isinstance(error, DataError | IntegrityError) or isinstance(error.orig, CardinalityViolation):
        return Failure(retry=Retry.FATAL, reason=f"Postgres cannot store this product ({kind}).")
    if isinstance(error, OperationalError | InterfaceError) or error.connection_invalidated:
        return Failure(retry=Retry.RETRY, reason="The database cannot be reached.")
    return Failure(
        retry=Retry.RETRY,
        reason=f"The database refuses a statement ({kind}); `pilito doctor` shows whether it was migrated.",
        pause=REFUSED_INTERVAL,
    )
