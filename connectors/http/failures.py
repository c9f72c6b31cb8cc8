"""Every failure of reading a shop, mapped once to how patient we are with it; only its type decides."""

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
    """The posture towards anything that reading a shop can raise."""
    match error:
        case ShopDown():
            return _again(str(error), bounded(error.retry_after))
        case ShopAnswersNonsense():
            return _again(str(error))
        case ShopProblem():
            return _wait(str(error))
        case ForbiddenAddress():
            return _wait(f"{error}; PILITO_ALLOW_PRIVATE_SHOPS would allow it.")
        case UnknownKey():
            return _wait(
                "The store's credentials were sealed by a key that is no longer in PILITO_SECRET_KEY."
            )
        case InvalidField():
            return Failure(retry=Retry.FATAL, reason=f"Unreadable: {error}."[:LONGEST_REASON])
        case _:
            return _again(f"Unexpected {type(error).__name__} while reading the shop.")
