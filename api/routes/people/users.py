"""`/api/v1/users/`: accounts of people, for admins. No response shows a password."""

from typing import Annotated

import orjson
from fastapi import Query, Request, Response

from api.actions import people
from api.bodies import JsonBody
from api.dependencies import AppState, CurrentAdmin, CurrentState, admin_router
from api.errors import ApiError, not_found
from api.fields import PathId
from api.openapi.build import refuses
from api.schemas.people.users import (
    NewUserRequest,
    UserChange,
    UserExport,
    UserListParams,
    UserOut,
    UserPage,
)
from database.access import users
from database.access.users import User
from database.data import export

router = admin_router("/api/v1/users", tag="accounts")


async def _user(state: AppState, user_id: int) -> UserOut:
    return UserOut.of(await people.read_person(state, user_id))


def _check_other(admin: User, user_id: int) -> None:
    """Raises 409 for the admin's own account, so that no admin locks themselves out by mistake."""
    if admin.id == user_id:
        raise ApiError(409, {"error": "Another admin has to change your account"})


@router.get("/")
async def list_users(
    request: Request, state: CurrentState, params: Annotated[UserListParams, Query()]
) -> UserPage:
    """All accounts, or those with `search` in their email, the newest first."""
    async with state.database.reading() as connection:
        count, rows = await users.page_of_people(
            connection, part=params.search.strip(), offset=params.offset, limit=params.page_size
        )
    return UserPage.of(request, params, count, [UserOut.of(person) for person in rows])


@router.post("/", status_code=201, responses=refuses(409, 503))
async def create_user(state: CurrentState, body: JsonBody[NewUserRequest]) -> UserOut:
    """Create an account; the email of an existing one is refused, and nothing is changed."""
    user_id = await people.make_person(
        state, email=body.email, password=body.password, is_staff=body.is_staff
    )
    return await _user(state, user_id)


@router.get("/{user_id:id}/", responses=refuses(404))
async def read_user(state: CurrentState, user_id: PathId) -> UserOut:
    """One account."""
    return await _user(state, user_id)


@router.patch("/{user_id:id}/", responses=refuses(404, 409, 503))
async def change_user(
    admin: CurrentAdmin, state: CurrentState, user_id: PathId, body: JsonBody[UserChange]
) -> UserOut:
    """Change the fields in the body and no others. One's own account is changed by another admin."""
    await people.read_person(state, user_id)
    _check_other(admin, user_id)
    if body.is_staff is not None or body.is_active is not None:
        await people.change_role(state, user_id, is_staff=body.is_staff, is_active=body.is_active)
    if body.password is not None:
        await people.set_password(state, user_id, body.password)
    return await _user(state, user_id)


@router.delete("/{user_id:id}/", status_code=204, response_class=Response, responses=refuses(404, 409))
async def remove_user(admin: CurrentAdmin, state: CurrentState, user_id: PathId) -> None:
    """Remove an account with its stores, tokens, events, products and chunks; it may be repeated."""
    await people.read_person(state, user_id)
    _check_other(admin, user_id)
    await people.remove_person(state, user_id)


@router.get("/{user_id:id}/export/", responses=refuses(404))
async def export_user(state: CurrentState, user_id: PathId) -> UserExport:
    """All that is stored about an account, its stores, their tokens and its sessions, without secrets."""
    async with state.database.reading() as connection:
        found = await export.account(connection, user_id)
    if found is None:
        raise not_found("user")
    return UserExport(**orjson.loads(found))
