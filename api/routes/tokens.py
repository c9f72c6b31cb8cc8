"""`/api/v1/integrations/tokens/`: what shops identify themselves with; a secret is in one answer only."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from api.dependencies import Admin, Opened, State
from api.errors import Refused, answer, invalid
from api.fields import PathId, read_model
from api.i18n import in_language, message
from api.middleware.body import json_object, read_body
from api.openapi.build import documented
from api.pagination import page
from api.schemas.tokens import (
    IssuedAnswer,
    ShownToken,
    TokenChange,
    TokenPage,
    TokenRequest,
    TokenRotation,
    TokensAsked,
)
from connectors.registry import PLATFORMS
from contracts.stores import StoreType
from contracts.tokens import IssuedToken, Token
from database.access import stores, tokens, users
from database.access.tokens import TokenFilter

router = APIRouter(prefix="/api/v1/integrations/tokens", tags=["tokens"])

MAX_TOKEN_BYTES = 32 * 1024


def _shown(token: Token) -> dict[str, Any]:
    told = asdict(token)
    told["token_preview"] = told.pop("preview")
    told["user"] = {"id": told.pop("user_id"), "email": told.pop("user_email")}
    told["store"] = {"id": told.pop("store_id"), "name": told.pop("store_name")}
    return told


def _issued(request: Request, issued: IssuedToken, token: Token, webhook_secret: str | None) -> Response:
    shown = _shown(token)
    kept = ("id", "token_preview", "integration_type", "name", "expires_at", "user", "created_at")
    wished = request.headers.get("accept-language")
    return answer(
        201,
        {
            **{name: shown[name] for name in kept},
            "token": issued.secret,
            "store": {**shown["store"], "webhook_secret": webhook_secret},
            "message": message("shown_once", wished),
        },
        in_language(wished),
    )


def _not_past(expires_at: datetime | None) -> None:
    if expires_at is not None and expires_at <= datetime.now(UTC):
        raise invalid("expires_at: is in the past", field="expires_at", problem="is in the past")


def _unknown(what: str, field: str | None = None) -> Refused:
    return Refused(404, {"error": f"No such {what}", **({"field": field} if field else {})})


async def _read(connection: AsyncConnection, token_id: int) -> Token:
    token = await tokens.read(connection, token_id)
    if token is None:
        raise _unknown("token")
    return token


async def _found(opened: State, token_id: int) -> Token:
    async with opened.database.reading() as connection:
        return await _read(connection, token_id)


@router.post("/generate/", **documented(body=TokenRequest, answers={201: IssuedAnswer}, refuses=(404,)))
async def generate_token(request: Request, admin: Admin, opened: Opened) -> Response:
    """Make a token for a store of a user, or for a store made along with it."""
    asked = read_model(TokenRequest, json_object(await read_body(request, limit=MAX_TOKEN_BYTES)))
    _not_past(asked.expires_at)
    secret = None
    async with opened.database.transaction() as connection:
        if asked.user_id is not None and await users.read_user(connection, asked.user_id) is None:
            raise _unknown("user", "user_id")
        if asked.store_id is None:
            user_id, secret = asked.user_id or admin.id, stores.new_webhook_secret()
            store_id = await stores.create(
                connection,
                user_id=user_id,
                name=PLATFORMS[asked.integration_type].store_name,
                type_=asked.integration_type,
                webhook_secret=opened.secret_box.encrypt(secret),
            )
        else:
            store = await stores.read(connection, asked.store_id)
            if store is None or asked.user_id not in (None, store.user_id):
                raise _unknown("store", "store_id")
            if store.type is not asked.integration_type:
                problem = f"the store is of type {store.type}"
                raise invalid(f"integration_type: {problem}", field="integration_type", problem=problem)
            user_id, store_id = store.user_id, store.id
        issued = await tokens.issue(
            connection,
            user_id=user_id,
            store_id=store_id,
            integration_type=asked.integration_type,
            token_format=PLATFORMS[asked.integration_type].token_format,
            name=asked.name.strip(),
            allowed_ips=asked.allowed_ips,
            expires_at=asked.expires_at,
        )
        token = await _read(connection, issued.id)
    return _issued(request, issued, token, secret)


@router.get("/", **documented(answers={200: TokenPage}))
async def list_tokens(
    request: Request, _: Admin, opened: Opened, asked: Annotated[TokensAsked, Query()]
) -> Response:
    """All tokens, or those the filters find, the newest first."""
    wanted = TokenFilter(
        user_id=asked.user_id,
        store_id=asked.store,
        integration_type=asked.integration_type,
        is_active=asked.is_active,
    )
    async with opened.database.reading() as connection:
        count, found = await tokens.list_tokens(
            connection, wanted, offset=asked.offset, limit=asked.page_size
        )
    return answer(200, page(request, asked, count, [_shown(token) for token in found]))


@router.get("/{token_id:id}/", **documented(answers={200: ShownToken}, refuses=(404,)))
async def read_token(_: Admin, opened: Opened, token_id: PathId) -> Response:
    """The terms of one token."""
    return answer(200, _shown(await _found(opened, token_id)))


@router.patch("/{token_id:id}/", **documented(body=TokenChange, answers={200: ShownToken}, refuses=(404,)))
async def change_token(request: Request, _: Admin, opened: Opened, token_id: PathId) -> Response:
    """Change what is named and nothing else; it counts from the next request on."""
    asked = read_model(TokenChange, json_object(await read_body(request, limit=MAX_TOKEN_BYTES)))
    await _found(opened, token_id)
    values: dict[str, Any] = {}
    if asked.name is not None:
        values["name"] = asked.name.strip()
    if asked.is_active is not None:
        values["is_active"] = asked.is_active
    if "expires_at" in asked.model_fields_set:
        values["expires_at"] = asked.expires_at
    if asked.allowed_ips is not None:
        values["allowed_ips"] = list(asked.allowed_ips)
    if values:
        async with opened.database.single() as connection:
            await tokens.change(connection, token_id, values)
    return answer(200, _shown(await _found(opened, token_id)))


@router.delete("/{token_id:id}/", **documented(answers={204: None}, refuses=(404,)))
async def revoke_token(_: Admin, opened: Opened, token_id: PathId) -> Response:
    """Revoke a token for ever; its store and what it sent stay."""
    async with opened.database.single() as connection:
        revoked = await tokens.revoke(connection, token_id)
    if not revoked:
        raise _unknown("token")
    return Response(status_code=204)


@router.post(
    "/{token_id:id}/rotate/",
    **documented(body=TokenRotation, body_required=False, answers={201: IssuedAnswer}, refuses=(404, 409)),
)
async def rotate_token(request: Request, _: Admin, opened: Opened, token_id: PathId) -> Response:
    """Make a new token on the terms of an old one, which works for a while yet."""
    raw = await read_body(request, limit=MAX_TOKEN_BYTES)
    asked = read_model(TokenRotation, json_object(raw or b"{}"))
    _not_past(asked.expires_at)
    old = await _found(opened, token_id)
    async with opened.database.transaction() as connection:
        issued = await tokens.rotate(
            connection,
            token_id,
            token_format=PLATFORMS[StoreType(old.integration_type)].token_format,
            overlap=timedelta(hours=asked.overlap_hours),
            expires_at=asked.expires_at,
        )
        if issued is None:
            raise Refused(409, {"error": "The token is inactive or has expired; generate another instead."})
        token = await _read(connection, issued.id)
    return _issued(request, issued, token, None)
