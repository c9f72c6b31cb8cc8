"""`/api/v1/auth/`: sessions of users."""

import hashlib
from typing import Literal

from fastapi import APIRouter, Request
from pydantic import ConfigDict, Field

from api.bodies import JsonBody, JsonRoute, RequestBody
from api.dependencies import AppState, CurrentState, CurrentUser
from api.errors import ApiError, too_many, unauthenticated
from api.openapi.build import ResponseModel, example, refuses
from api.security.client_ip import client_address, client_network, client_site
from api.security.sessions import LIFETIME
from database.access import logins, users
from database.access.logins import LoginThrottle, Throttled

router = APIRouter(prefix="/api/v1/auth", tags=["accounts"], route_class=JsonRoute)

PAIR = LoginThrottle(free=5, longest_seconds=900)
ADDRESS = LoginThrottle(free=20, longest_seconds=900)
SITE = LoginThrottle(free=200, longest_seconds=900)
"""Ten networks of an IPv6 site may use up their free attempts before all of them are slowed down."""

ACCOUNT = LoginThrottle(free=50, longest_seconds=30)
"""An account under attack is slowed down and never locked: its owner waits half a minute at most."""


class Credentials(RequestBody):
    """Email and password."""

    model_config = ConfigDict(
        extra="ignore", **example({"email": "admin@pilito.local", "password": "the password of the admin"})
    )

    email: str = Field(min_length=1)
    password: str = Field(min_length=1)


class Session(ResponseModel):
    """A bearer token and its lifetime in seconds; a new password ends it sooner."""

    model_config = example(
        {"access_token": "eyJhbGciOiJIUzI1NiJ9.e30.c2ln", "token_type": "bearer", "expires_in": 43200}
    )

    access_token: str
    token_type: Literal["bearer"]
    expires_in: int


class Me(ResponseModel):
    """The user of the session."""

    model_config = example({"id": 1, "email": "admin@pilito.local", "username": "admin", "is_staff": True})

    id: int
    email: str
    username: str
    is_staff: bool


def _refused(state: AppState, throttled: Throttled) -> ApiError:
    state.metrics.login_failed()
    return too_many(throttled.seconds, "Too many failed logins")


def keys_of(email: str, address: str) -> dict[str, LoginThrottle]:
    """Returns the keys under which an attempt is counted; the first is of this user at this address.

    Keys have a bounded length, for any email.
    """
    account, network = hashlib.sha256(email.encode()).hexdigest(), client_network(address)
    keys = {f"{account}|{network}": PAIR, f"@{network}": ADDRESS, f"{account}|": ACCOUNT}
    if site := client_site(address):
        keys[f"@{site}"] = SITE
    return keys


@router.post("/token/", responses=refuses(401, 429, 503))
async def sign_in(request: Request, state: CurrentState, body: JsonBody[Credentials]) -> Session:
    """Exchange email and password for a bearer token."""
    email = body.email.replace("\0", "").strip().lower()
    keys = keys_of(email, client_address(request, state.settings.trusted_proxies))
    try:
        async with state.database.reading() as connection:
            since = await logins.look(connection, list(keys))
            user = await users.find_user(connection, email)
    except Throttled as throttled:
        raise _refused(state, throttled) from None
    async with state.passwords.place():
        try:
            async with state.database.transaction() as connection:
                await logins.count(connection, keys, since=since)
        except Throttled as throttled:
            raise _refused(state, throttled) from None
        is_right = await state.passwords.matches(body.password, user.password_hash if user else None)
        if user is None or not is_right or not user.is_active:
            state.metrics.login_failed()
            raise unauthenticated("Invalid email or password")
        async with state.database.transaction() as connection:
            await logins.take_back(connection, list(keys), forgiven=next(iter(keys)))
    return Session(
        access_token=state.sessions.issue(user),
        token_type="bearer",  # noqa: S106 - the type of the token, no password
        expires_in=int(LIFETIME.total_seconds()),
    )


@router.get("/me/")
async def me(user: CurrentUser) -> Me:
    """Show the user of the session."""
    return Me(id=user.id, email=user.email, username=user.username, is_staff=user.is_staff)
