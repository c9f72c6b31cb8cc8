"""`/api/v1/auth/`: signing in, and who one is."""

import asyncio
from typing import Literal

from fastapi import APIRouter, Request, Response
from pwdlib import PasswordHash
from pydantic import BaseModel, Field

from api.dependencies import CurrentUser, Opened
from api.errors import Refused, answer, invalid, unauthenticated
from api.middleware.body import json_object, read_body
from api.openapi.build import Answer, documented, example
from api.security.client_ip import client_address
from api.security.sessions import LIFETIME
from database.access import logins, users
from database.access.logins import LoginThrottle

router = APIRouter(prefix="/api/v1/auth", tags=["accounts"])

MAX_LOGIN_BYTES = 8 * 1024
MAX_PASSWORD = 1024

PAIR = LoginThrottle(free=5, longest_seconds=900)
ADDRESS = LoginThrottle(free=20, longest_seconds=900)
ACCOUNT = LoginThrottle(free=50, longest_seconds=30)
"""An account under attack from everywhere is slowed, never locked: its owner waits half a minute at most."""

_passwords = PasswordHash.recommended()
_NOBODYS = _passwords.hash("nobody's password")


class Credentials(BaseModel):
    """What one signs in with."""

    model_config = example({"email": "admin@pilito.local", "password": "the one that was chosen"})

    email: str = Field(min_length=1)
    password: str = Field(min_length=1)


class Session(Answer):
    """A bearer token, and the seconds it is good for; a new password ends it sooner."""

    model_config = example(
        {"access_token": "eyJhbGciOiJIUzI1NiJ9.e30.c2ln", "token_type": "bearer", "expires_in": 43200}
    )

    access_token: str
    token_type: Literal["bearer"]
    expires_in: int


class Me(Answer):
    """Who one is."""

    model_config = example({"id": 1, "email": "admin@pilito.local", "username": "admin", "is_staff": True})

    id: int
    email: str
    username: str
    is_staff: bool


def _credentials(raw: bytes) -> tuple[str, str]:
    body = json_object(raw)
    for name in ("email", "password"):
        if not isinstance(body.get(name), str) or not body[name]:
            raise invalid(f"{name}: expected a text", field=name, problem="expected a text")
    return body["email"].replace("\0", "").strip().lower()[:320], body["password"][:MAX_PASSWORD]


@router.post("/token/", **documented(answers={200: Session}, refuses=[401, 429, 503], body=Credentials))
async def sign_in(request: Request, opened: Opened) -> Response:
    """Exchange email and password for a bearer token."""
    email, password = _credentials(await read_body(request, limit=MAX_LOGIN_BYTES))
    address = client_address(request, opened.settings.trusted_proxies)
    pair = f"{email}|{address}"
    keys = {pair: PAIR, f"@{address}": ADDRESS, f"{email}|": ACCOUNT}
    async with opened.database.reading() as connection:
        wait = await logins.seconds_to_wait(connection, list(keys))
        user = await users.find_user(connection, email)
    if wait:
        opened.metrics.login_failed()
        raise Refused(429, {"error": "Too many failed logins"}, {"Retry-After": str(wait)})
    kept = user.password_hash if user else _NOBODYS
    right = await asyncio.to_thread(_passwords.verify, password, kept)
    async with opened.database.transaction() as connection:
        if user is None or not right or not user.is_active:
            await logins.failed(connection, keys)
        else:
            await logins.succeeded(connection, pair)
    if user is None or not right or not user.is_active:
        opened.metrics.login_failed()
        raise unauthenticated("Invalid email or password")
    return answer(
        200,
        {
            "access_token": opened.sessions.issue(user),
            "token_type": "bearer",
            "expires_in": int(LIFETIME.total_seconds()),
        },
    )


@router.get("/me/", **documented(answers={200: Me}))
async def me(user: CurrentUser) -> Response:
    """Tell a user who they are."""
    return answer(
        200,
        {"id": user.id, "email": user.email, "username": user.username, "is_staff": user.is_staff},
    )
