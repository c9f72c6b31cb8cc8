"""`/api/v1/auth/`: sessions of users."""

from typing import Literal

from fastapi import APIRouter, Request
from pydantic import ConfigDict, Field

from api.bodies import JsonBody, JsonRoute, RequestBody
from api.dependencies import CurrentState, CurrentUser
from api.openapi.build import ResponseModel, example, refuses
from api.security.sessions import LIFETIME

router = APIRouter(prefix="/api/v1/auth", tags=["accounts"], route_class=JsonRoute)


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
    user = await state.sign_in.user(request, body.email, body.password)
    return Session(
        access_token=state.sessions.issue(user),
        token_type="bearer",  # noqa: S106 - the type of the token, no password
        expires_in=int(LIFETIME.total_seconds()),
    )


@router.get("/me/")
async def me(user: CurrentUser) -> Me:
    """Show the user of the session."""
    return Me(id=user.id, email=user.email, username=user.username, is_staff=user.is_staff)
