"""Accounts of people: made, given a password, and closed, by admins and by themselves."""

from datetime import datetime

from api.actions.stores import remove_store
from api.dependencies import AppState
from api.errors import ApiError, invalid_field, not_found
from database.access import console_sessions, users
from database.access.accounts import email_problem, password_problem
from database.access.users import Person


def check_password(password: str) -> None:
    """Raises 400 for a password that is refused."""
    problem = password_problem(password)
    if problem:
        raise invalid_field("password", problem)


async def _hash(state: AppState, password: str) -> str:
    async with state.passwords.place():
        return await state.passwords.hash(password)


async def read_person(state: AppState, user_id: int) -> Person:
    """Returns an account; raises 404."""
    async with state.database.reading() as connection:
        person = await users.read_person(connection, user_id)
    if person is None:
        raise not_found("user")
    return person


async def make_person(state: AppState, *, email: str, password: str, is_staff: bool) -> int:
    """Returns the id of a new account; raises 400, 503, and 409 for a known email."""
    email = email.strip()
    problem = email_problem(email)
    if problem:
        raise invalid_field("email", problem)
    check_password(password)
    password_hash = await _hash(state, password)
    async with state.database.transaction() as connection:
        created = await users.create_user(
            connection, email=email, password_hash=password_hash, is_staff=is_staff
        )
    if created is None:
        problem = "there is an account with this email"
        raise ApiError(409, {"error": f"email: {problem}", "field": "email", "problem": problem})
    return created


async def change_role(
    state: AppState, user_id: int, *, is_staff: bool | None = None, is_active: bool | None = None
) -> None:
    """Make an account an admin or an owner, and close or open it; closing ends all of its sessions.

    Raises 404, and 409 if no active admin would be left.
    """
    await read_person(state, user_id)
    async with state.database.transaction() as connection:
        changed = await users.change_role(connection, user_id, is_staff=is_staff, is_active=is_active)
        if changed and is_active is False:
            await console_sessions.end(connection, user_id)
    if not changed:
        raise ApiError(409, {"error": "This is the last admin; make another one first"})


async def set_password(
    state: AppState, user_id: int, password: str, *, since: datetime | None = None
) -> None:
    """Set the password of an account and end all of its sessions; raises 400, 404 and 503.

    With `since`, the time at which the password to replace was set, raises 409 if it was replaced already.
    """
    check_password(password)
    password_hash = await _hash(state, password)
    async with state.database.transaction() as connection:
        changed = await users.set_password(connection, user_id, password_hash, since=since)
        if changed:
            await console_sessions.end(connection, user_id)
    if not changed and since is not None:
        raise ApiError(409, {"error": "The password was changed in this moment"})
    if not changed:
        raise not_found("user")


async def remove_person(state: AppState, user_id: int) -> None:
    """Close an account, then remove its stores one by one, then the account; it may be repeated.

    Raises 404, 409 if no active admin would be left or a store was made in this moment, and 503.
    """
    await change_role(state, user_id, is_active=False)
    async with state.database.reading() as connection:
        owned = await users.store_ids(connection, user_id)
    for store_id in owned:
        await remove_store(state, store_id)
    async with state.database.transaction() as connection:
        removed = await users.remove(connection, user_id)
    if not removed:
        raise ApiError(409, {"error": "The account has a new store; remove it again"})
