"""Sign-in of people, throttled by account and address; the API and the console share it."""

import hashlib
from collections.abc import Callable, Sequence

from fastapi import Request

from api.errors import ApiError, too_many, unauthenticated
from api.security.client_ip import client_address, client_network, client_site
from api.security.passwords import Passwords
from database.access import logins, users
from database.access.logins import LoginThrottle, Throttled
from database.access.users import User
from database.engine import Database
from settings import Network

PAIR = LoginThrottle(free=5, longest_seconds=900)
ADDRESS = LoginThrottle(free=20, longest_seconds=900)
SITE = LoginThrottle(free=200, longest_seconds=900)
"""Ten networks of an IPv6 site may use up their free attempts before all of them are slowed down."""

ACCOUNT = LoginThrottle(free=50, longest_seconds=30)
"""An account under attack is slowed down and never locked: its owner waits half a minute at most."""


def keys_of(email: str, address: str) -> dict[str, LoginThrottle]:
    """Returns the keys under which an attempt is counted; the first is of this user at this address.

    Keys have a bounded length, for any email.
    """
    account, network = hashlib.sha256(email.encode()).hexdigest(), client_network(address)
    keys = {f"{account}|{network}": PAIR, f"@{network}": ADDRESS, f"{account}|": ACCOUNT}
    if site := client_site(address):
        keys[f"@{site}"] = SITE
    return keys


class SignIn:
    """Compares passwords; `on_failure` is called for each refused attempt."""

    def __init__(
        self,
        database: Database,
        passwords: Passwords,
        trusted_proxies: Sequence[Network],
        *,
        on_failure: Callable[[], None],
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._trusted = trusted_proxies
        self._on_failure = on_failure

    async def user(self, request: Request, email: str, password: str) -> User:
        """Returns the user with this email and password; raises 401, 429 or 503."""
        email = email.replace("\0", "").strip().lower()
        keys = keys_of(email, client_address(request, self._trusted))
        try:
            async with self._database.reading() as connection:
                since = await logins.look(connection, list(keys))
                user = await users.find_user(connection, email)
        except Throttled as throttled:
            raise self._refused(throttled) from None
        async with self._passwords.place():
            try:
                async with self._database.transaction() as connection:
                    await logins.count(connection, keys, since=since)
            except Throttled as throttled:
                raise self._refused(throttled) from None
            is_right = await self._passwords.matches(password, user.password_hash if user else None)
            if user is None or not is_right or not user.is_active:
                self._on_failure()
                raise unauthenticated("Invalid email or password")
            async with self._database.transaction() as connection:
                await logins.take_back(connection, list(keys), forgiven=next(iter(keys)))
        return user

    def _refused(self, throttled: Throttled) -> ApiError:
        self._on_failure()
        return too_many(throttled.seconds, "Too many failed logins")
