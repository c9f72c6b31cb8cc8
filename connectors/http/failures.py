"""Maps every error of reading a shop to a retry decision, by the type of the error."""

from datetime import timedelta

from contracts.errors import (
    ForbiddenAddress,
    InvalidField,
    ShopAnswersNonsense,
    ShopDown,
    ShopProblem,
    UnknownKey,
)
from contracts.retry import WAIT_INTERVAL, Failure, Retry, bounded

LONGEST_REASON = 500


def _again(reason: str, pause: timedelta | None = None) -> Failure:
    return Failure(retry=Retry.RETRY, reason=reason[:LONGEST_REASON], pause=pause)


def _wait(reason: str) -> Failure:
    return Failure(retry=Retry.BLOCKED, reason=reason[:LONGEST_REASON], pause=WAIT_INTERVAL)


def shop_failure(error: Exception) -> Failure:
    """Returns the retry decision and the reason for an error of reading a shop."""
    match error:
        case ShopDown():
            return _again(str(error), bounded(error.retry_after))
        case ShopAnswersNonsense():
            return _again(str(error))
        case ShopProblem() | UnknownKey():
            return _wait(str(error))
        case ForbiddenAddress():
            return _wait(f"{error}; PILITO_ALLOW_PRIVATE_SHOPS would allow it.")
        case InvalidField():
            return Failure(retry=Retry.FATAL, reason=f"Unreadable: {error}."[:LONGEST_REASON])
        case _:
            return _again(f"Unexpected {type(error).__name__} while reading the shop.")
