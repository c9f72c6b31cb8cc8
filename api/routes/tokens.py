"""`/api/v1/integrations/tokens/`: integration tokens; a response shows a secret only when it is new."""

from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import Body, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from api.bodies import JsonBody
from api.dependencies import AppState, CurrentAdmin, CurrentState, admin_router
from api.errors import ApiError, invalid_field, not_found
from api.fields import PathId
from api.i18n import in_language, message
from api.openapi.build import refuses
from api.schemas.tokens import (
    IssuedTokenOut,
    NewTokenRequest,
    TokenChange,
    TokenListParams,
    TokenOut,
    TokenPage,
    TokenRotation,
)
from connectors.registry import PLATFORMS
from contracts.stores import StoreType
from contracts.tokens import IssuedToken, Token
from database.access import stores, tokens, users
from database.access.tokens import TokenFilter

router = admin_router("/api/v1/integrations/tokens", tag="tokens")


def _check_end(state: AppState, expires_at: datetime | None) -> None:
    """Raises 400 for a token that would have expired already."""
    if expires_at is not None and expires_at <= state.database.clock.estimate():
        raise invalid_field("expires_at", "is in the past")


def _issued(
    request: Request, response: Response, issued: IssuedToken, token: Token, webhook_secret: str | None
) -> IssuedTokenOut:
    preferred = request.headers.get("accept-language")
    response.headers.update(in_language(preferred))
    return IssuedTokenOut.of(
        token,
        secret=issued.secret,
        webhook_secret=webhook_secret,
        message=message("shown_once", preferred),
    )


async def _read(connection: AsyncConnection, token_id: int) -> Token:
    token = await tokens.read(connection, token_id)
    if token is None:
        raise not_found("token")
    return token


async def _existing(state: AppState, token_id: int) -> Token:
    async with state.database.reading() as connection:
        return await _read(connection, token_id)


@router.post("/generate/", status_code=201, responses=refuses(404))
async def generate_token(
    request: Request,
    response: Response,
    admin: CurrentAdmin,
    state: CurrentState,
    body: JsonBody[NewTokenRequest],
) -> IssuedTokenOut:
    """Make a token for a store of a user, or for a new store."""
    _check_end(state, body.expires_at)
    secret = None
    async with state.database.transaction() as connection:
        if body.user_id is not None and await users.read_user(connection, body.user_id) is None:
            raise not_found("user", field="user_id")
        if body.store_id is None:
            user_id, secret = body.user_id or admin.id, stores.new_webhook_secret()
            store_id = await stores.create(
                connection,
                user_id=user_id,
                name=PLATFORMS[body.integration_type].store_name,
                type_=body.integration_type,
                webhook_secret=state.secret_box.encrypt(secret),
            )
        else:
            store = await stores.read(connection, body.store_id)
            if store is None or body.user_id not in (None, store.user_id):
                raise not_found("store", field="store_id")
            if store.type is not body.integration_type:
                raise invalid_field("integration_type", f"the store is of type {store.type}")
            user_id, store_id = store.user_id, store.id
        issued = await tokens.issue(
            connection,
            user_id=user_id,
            store_id=store_id,
            integration_type=body.integration_type,
            token_format=PLATFORMS[body.integration_type].token_format,
            name=body.name.strip(),
            allowed_ips=body.allowed_ips,
            expires_at=body.expires_at,
        )
        token = await _read(connection, issued.id)
    return _issued(request, response, issued, token, secret)


@router.get("/")
async def list_tokens(
    request: Request, state: CurrentState, params: Annotated[TokenListParams, Query()]
) -> TokenPage:
    """All tokens, or the tokens that match the filters, the newest first."""
    filters = TokenFilter(
        user_id=params.user_id,
        store_id=params.store,
        integration_type=params.integration_type,
        is_active=params.is_active,
    )
    async with state.database.reading() as connection:
        count, rows = await tokens.list_tokens(
            connection, filters, offset=params.offset, limit=params.page_size
        )
    return TokenPage.of(request, params, count, [TokenOut.of(token) for token in rows])


@router.get("/{token_id:id}/", responses=refuses(404))
async def read_token(state: CurrentState, token_id: PathId) -> TokenOut:
    """One token without its secret."""
    return TokenOut.of(await _existing(state, token_id))


@router.patch("/{token_id:id}/", responses=refuses(404))
async def change_token(state: CurrentState, token_id: PathId, body: JsonBody[TokenChange]) -> TokenOut:
    """Change the fields in the body and no others, from the next request on."""
    await _existing(state, token_id)
    values: dict[str, Any] = {}
    if body.name is not None:
        values["name"] = body.name.strip()
    if body.is_active is not None:
        values["is_active"] = body.is_active
    if "expires_at" in body.model_fields_set:
        values["expires_at"] = body.expires_at
    if body.allowed_ips is not None:
        values["allowed_ips"] = list(body.allowed_ips)
    if values:
        async with state.database.single() as connection:
            await tokens.change(connection, token_id, values)
    return TokenOut.of(await _existing(state, token_id))


@router.delete("/{token_id:id}/", status_code=204, response_class=Response, responses=refuses(404))
async def revoke_token(state: CurrentState, token_id: PathId) -> None:
    """Revoke a token; its store and the products that it sent stay."""
    async with state.database.single() as connection:
        revoked = await tokens.revoke(connection, token_id)
    if not revoked:
        raise not_found("token")


@router.post("/{token_id:id}/rotate/", status_code=201, responses=refuses(404, 409))
async def rotate_token(
    request: Request,
    response: Response,
    state: CurrentState,
    token_id: PathId,
    body: Annotated[JsonBody[TokenRotation], Body(default_factory=TokenRotation)],
) -> IssuedTokenOut:
    """Make a new token with the terms of a previous one, which works for `overlap_hours`."""
    previous = await _existing(state, token_id)
    _check_end(state, body.expires_at)
    async with state.database.transaction() as connection:
        issued = await tokens.rotate(
            connection,
            token_id,
            token_format=PLATFORMS[StoreType(previous.integration_type)].token_format,
            overlap=timedelta(hours=body.overlap_hours),
            expires_at=body.expires_at,
        )
        if issued is None:
            raise ApiError(409, {"error": "The token is inactive or has expired; generate another instead."})
        token = await _read(connection, issued.id)
    return _issued(request, response, issued, token, None)
