"""`/api/v1/integrations/tokens/`: integration tokens; a response shows a secret only when it is new."""

from datetime import timedelta
from typing import Annotated

from fastapi import Body, Query, Request, Response

from api.actions import tokens as actions
from api.actions.tokens import MadeToken, check_end, existing_token, make_token
from api.bodies import JsonBody
from api.dependencies import CurrentAdmin, CurrentState, admin_router
from api.errors import ApiError
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
from database.access import tokens
from database.access.tokens import TokenFilter

router = admin_router("/api/v1/integrations/tokens", tag="tokens")


def _issued(request: Request, response: Response, made: MadeToken) -> IssuedTokenOut:
    preferred = request.headers.get("accept-language")
    response.headers.update(in_language(preferred))
    return IssuedTokenOut.of(
        made.token,
        secret=made.secret,
        webhook_secret=made.webhook_secret,
        message=message("shown_once", preferred),
    )


@router.post("/generate/", status_code=201, responses=refuses(404))
async def generate_token(
    request: Request,
    response: Response,
    admin: CurrentAdmin,
    state: CurrentState,
    body: JsonBody[NewTokenRequest],
) -> IssuedTokenOut:
    """Make a token for a store of a user, or for a new store."""
    made = await make_token(state, body, admin_id=admin.id)
    return _issued(request, response, made)


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
    return TokenOut.of(await existing_token(state, token_id))


@router.patch("/{token_id:id}/", responses=refuses(404))
async def change_token(state: CurrentState, token_id: PathId, body: JsonBody[TokenChange]) -> TokenOut:
    """Change the fields in the body and no others, from the next request on."""
    return TokenOut.of(await actions.change_token(state, token_id, body))


@router.delete("/{token_id:id}/", status_code=204, response_class=Response, responses=refuses(404))
async def revoke_token(state: CurrentState, token_id: PathId) -> None:
    """Revoke a token; its store and the products that it sent stay."""
    await actions.revoke_token(state, token_id)


@router.post("/{token_id:id}/rotate/", status_code=201, responses=refuses(404, 409))
async def rotate_token(
    request: Request,
    response: Response,
    state: CurrentState,
    token_id: PathId,
    body: Annotated[JsonBody[TokenRotation], Body(default_factory=TokenRotation)],
) -> IssuedTokenOut:
    """Make a new token with the terms of a previous one, which works for `overlap_hours`."""
    previous = await existing_token(state, token_id)
    check_end(state, body.expires_at)
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
        token = await actions.read_token(connection, issued.id)
    made = MadeToken(token=token, secret=issued.secret, webhook_secret=None)
    return _issued(request, response, made)
