"""Sessions of users: signed tokens that are valid until they expire or the password changes."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import jwt
from jwt.types import Options

from api.fields import LARGEST_ID
from database.access.users import User

ALGORITHM = "HS256"
LIFETIME = timedelta(hours=12)

_OPTIONS: Options = {"require": ["exp", "sub", "pwd"], "verify_exp": False, "verify_iat": False}
"""The library would compare the times with the clock of this process."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What a session token says: the user, and the password that was valid when it was issued."""

    user_id: int
    password_stamp: int


def password_stamp(user: User) -> int:
    """Returns the microseconds since the epoch when the user's password was set."""
    return round(user.password_at.timestamp() * 1_000_000)


class Sessions:
    """Signs with the first key and accepts all of them, so that keys can be rotated.

    `clock` returns the time by which sessions end; it is the same for all API processes.
    """

    def __init__(self, keys: tuple[str, ...], *, clock: Callable[[], datetime]) -> None:
        self._keys = keys
        self._clock = clock

    def issue(self, user: User) -> str:
        """Returns a new token of a user."""
        issued = self._clock()
        payload = {
            "sub": str(user.id),
            "iat": issued,
            "exp": issued + LIFETIME,
            "pwd": password_stamp(user),
        }
        return jwt.encode(payload, self._keys[0], algorithm=ALGORITHM)

    def read(self, token: str) -> Claims | None:
        """Returns the claims of a valid token; None for an expired one or a wrong signature."""
        for key in self._keys:
            try:
                payload = jwt.decode(token, key, algorithms=[ALGORITHM], options=_OPTIONS)
                claims = Claims(user_id=int(payload["sub"]), password_stamp=int(payload["pwd"]))
                ended = int(payload["exp"]) <= self._clock().timestamp()
            except (jwt.InvalidTokenError, ValueError, TypeError, OverflowError):
                continue
            return claims if not ended and 0 < claims.user_id <= LARGEST_ID else None
        return None
