"""Sessions of users: signed tokens that are valid until they expire or the password changes."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import jwt

from api.fields import LARGEST_ID
from database.access.users import User

ALGORITHM = "HS256"
LIFETIME = timedelta(hours=12)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What a session token says: the user, and the password that was valid when it was issued."""

    user_id: int
    password_stamp: int


def password_stamp(user: User) -> int:
    """Returns the microseconds since the epoch when the user's password was set."""
    return round(user.password_at.timestamp() * 1_000_000)


class Sessions:
    """Signs with the first key and accepts all of them, so that keys can be rotated."""

    def __init__(self, keys: tuple[str, ...]) -> None:
        self._keys = keys

    def issue(self, user: User, *, now: datetime | None = None) -> str:
        """Returns a new token of a user."""
        issued = now or datetime.now(UTC)
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
                payload = jwt.decode(
                    token, key, algorithms=[ALGORITHM], options={"require": ["exp", "sub", "pwd"]}
                )
                claims = Claims(user_id=int(payload["sub"]), password_stamp=int(payload["pwd"]))
            except (jwt.InvalidTokenError, ValueError, TypeError, OverflowError):
                continue
            return claims if 0 < claims.user_id <= LARGEST_ID else None
        return None
