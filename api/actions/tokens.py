"""Make integration tokens, change them and revoke them."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from api.dependencies import AppState
from api.errors import invalid_field, not_found
from api.schemas.tokens import NewTokenRequest, TokenChange
from connectors.registry import PLATFORMS
from contracts.tokens import Token
from database.access import stores, tokens, users


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeToken:
    """A new token with its secret, and the webhook secret of a store that was made with it."""

    token: Token
    secret: str = field(repr=False)
    webhook_secret: str | None = field(repr=False)


def check_end(state: AppState, expires_at: datetime | None) -> None:
    """Raises 400 for a token that would have expired already."""
    if expires_at is not None and expires_at <= state.database.clock.estimate():
        raise invalid_field("expires_at", "is in the past")


async def read_token(connection: AsyncConnection, token_id: int) -> Token:
    """Returns a token; raises 404."""
    token = await tokens.read(connection, token_id)
    if token is None:
        raise not_found("token")
    return token


async def existing_token(state: AppState, token_id: int) -> Token:
    """Returns a token; raises 404."""
    async with state.database.reading() as connection:
        return await read_token(connection, token_id)


async def make_token(state: AppState, wanted: NewTokenRequest, *, admin_id: int) -> MadeToken:
    """Returns a new token for a store of a user, or for a new store, of the admin unless a user is named.

    Raises 400 for a field, and 404 for an unknown user or store.
    """
    check_end(state, wanted.expires_at)
    secret = None
    async with state.database.transaction() as connection:
        if wanted.user_id is not None and await users.read_user(connection, wanted.user_id) is None:
            raise not_found("user", field="user_id")
        if wanted.store_id is None:
            user_id, secret = wanted.user_id or admin_id, stores.new_webhook_secret()
            store_id = await stores.create(
                connection,
                user_id=user_id,
                name=PLATFORMS[wanted.integration_type].store_name,
                type_=wanted.integration_type,
                webhook_secret=state.secret_box.encrypt(secret),
            )
        else:
            store = await stores.read(connection, wanted.store_id)
            if store is None or wanted.user_id not in (None, store.user_id):
                raise not_found("store", field="store_id")
            if store.type is not wanted.integration_type:
                raise invalid_field("integration_type", f"the store is of type {store.type}")
            user_id, store_id = store.user_id, store.id
        issued = await tokens.issue(
            connection,
            user_id=user_id,
            store_id=store_id,
            integration_type=wanted.integration_type,
            token_format=PLATFORMS[wanted.integration_type].token_format,
            name=wanted.name.strip(),
            allowed_ips=wanted.allowed_ips,
            expires_at=wanted.expires_at,
        )
        token = await read_token(connection, issued.id)
    return MadeToken(token=token, secret=issued.secret, webhook_secret=secret)


async def change_token(state: AppState, token_id: int, change: TokenChange) -> Token:
    """Returns a token after a change of the given fields, from the next request on; raises 404."""
    await existing_token(state, token_id)
    values: dict[str, Any] = {}
    if change.name is not None:
        values["name"] = change.name.strip()
    if change.is_active is not None:
        values["is_active"] = change.is_active
    if "expires_at" in change.model_fields_set:
        values["expires_at"] = change.expires_at
    if change.allowed_ips is not None:
        values["allowed_ips"] = list(change.allowed_ips)
    if values:
        async with state.database.single() as connection:
            await tokens.change(connection, token_id, values)
    return await existing_token(state, token_id)


async def revoke_token(state: AppState, token_id: int) -> None:
    """Revoke a token; its store and the products that it sent stay. Raises 404."""
    async with state.database.single() as connection:
        revoked = await tokens.revoke(connection, token_id)
    if not revoked:
        raise not_found("token")
