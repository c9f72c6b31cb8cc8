"""Failures behind a page, as errors that a page can show."""

import logging

from sqlalchemy.exc import InternalError, ProgrammingError

from api.errors import DATABASE_DOWN, ApiError, key_missing, unavailable
from compute import Busy, TooSlow
from contracts.errors import InvalidBody, TooExpensive, UnknownKey
from contracts.storage import storage_refusal

logger = logging.getLogger("pilito.api")


def failure(error: Exception) -> ApiError:
    """Returns a 503 where a part of the service is down or busy, a 400 for a body, and else a logged 500."""
    if isinstance(error, DATABASE_DOWN):
        if storage_refusal(error) is not None:
            return unavailable("The database stores nothing right now")
        if not isinstance(error, InternalError | ProgrammingError):
            logger.warning("Postgres does not answer: %s", type(error).__name__)
            return unavailable("The database does not answer right now")
    if isinstance(error, Busy | TooSlow):
        return unavailable("Too many large requests are read at the moment")
    if isinstance(error, UnknownKey):
        return key_missing()
    if isinstance(error, InvalidBody | TooExpensive):
        return ApiError(400, {"error": str(error)})
    logger.error("unexpected error on a page", exc_info=error)
    return ApiError(500, {"error": "Internal error; it was logged."})
