"""`/api/v1/auth/`: sessions of users."""

import asyncio
from typing import Literal

from fastapi import APIRouter, Request
from pwdlib import PasswordHash
from pydantic import ConfigDict, Field

from api.bodies import JsonBody, JsonRoute, RequestBody
from api.dependencies import CurrentState, CurrentUser
from api.errors import too_many, unauthenticated
from api.openapi.build import ResponseModel, example, refuses
from api.security.client_ip import client_address
from api.security.sessions import LIFETIME
from database.access import logins, users
from database.access.logins import LoginThrottle

router = APIRouter(prefix="/api/v1/auth", tags=["accounts"], route_class=JsonRoute)

MAX_PASSWORD = 1024

PAIR = LoginThrottle(free=5, longest_seconds=900)
ADDRESS = LoginThrottle(free=20, longest_seconds=900)
ACCOUNT = LoginThrottle(free=50, longest_seconds=30)
"""An account under attack is slowed down and never locked: its owner waits half a minute at most."""

_passwords = PasswordHash.recommended()
_UNKNOWN_USER = _passwords.hash("the password of an unknown user")
"""Verified for unknown emails, so that they take as long as known ones."""


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


@router.post("/token/", responses=refuses(401, 429, 503))
async def sign_in(request: Request, state: CurrentState, body: JsonBody[Credentials]) -> Session:
    """Exchange email and password for a bearer token."""
    email = body.email.replace("\0", "").strip().lower()[:320]
    address = client_address(request, state.settings.trusted_proxies)
    pair = f"{email}|{address}"
    throttles = {pair: PAIR, f"@{address}": ADDRESS, f"{email}|": ACCOUNT}
    async with state.database.reading() as connection:
        wait = await logins.seconds_to_wait(connection, list(throttles))
        user = await users.find_user(connection, email)
    if wait:
        state.metrics.login_failed()
        raise too_many(wait, "Too many failed logins")
    stored = user.password_hash if user else _UNKNOWN_USER
    is_right = await asyncio.to_thread(_passwords.verify, body.password[:MAX_PASSWORD], stored)
    async with state.database.transaction() as connection:
        if user is None or not is_right or not user.is_active:
            await logins.failed(connection, throttles)
        else:
            await logins.succeeded(connection, pair)
    if user is None or not is_right or not user.is_active:
        state.metrics.login_failed()
        raise unauthenticated("Invalid email or password")
    return Session(
        access_token=state.sessions.issue(user),
        token_type="bearer",  # noqa: S106 - the type of the token, no password
        expires_in=int(LIFETIME.total_seconds()),
    )


@router.get("/me/")
async def me(user: CurrentUser) -> Me:
    """Show the user of the session."""
    return Me(id=user.id, email=user.email, username=user.username, is_staff=user.is_staff)
