"""What a user carries between requests: a signed token that a new password makes worthless."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import jwt

from api.fields import LARGEST_ID
from database.access.users import User

ALGORITHM = "HS256"
LIFETIME = timedelta(hours=12)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """Whose token it is, and the password it was given for."""

    user_id: int
    password_stamp: int


def password_stamp(user: User) -> int:
    """Microseconds since the epoch of the password a token stands for."""
    return round(user.password_at.timestamp() * 1_000_000)


class Sessions:
    """Signs with the first key, and believes all of them, so that keys can be changed under way."""

    def __init__(self, keys: tuple[str, ...]) -> None:
        self._keys = keys

    def issue(self, user: User, *, now: datetime | None = None) -> str:
        issued = now or datetime.now(UTC)
        claims = {
            "sub": str(user.id),
            "iat": issued,
            "exp": issued + LIFETIME,
            "pwd": password_stamp(user),
        }
        return jwt.encode(claims, self._keys[0], algorithm=ALGORITHM)

    def read(self, token: str) -> Claims | None:
        """The claims of a token that one of our keys signed and that has not expired; else None."""
        for key in self._keys:
            try:
                claims = jwt.decode(
                    token, key, algorithms=[ALGORITHM], options={"require": ["exp", "sub", "pwd"]}
                )
                known = Claims(user_id=int(claims["sub"]), password_stamp=int(claims["pwd"]))
            except (jwt.InvalidTokenError, ValueError, TypeError, OverflowError):
                continue
            return known if 0 < known.user_id <= LARGEST_ID else None
        return None
