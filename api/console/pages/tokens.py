"""Integration tokens: listed, made and shown once, changed, switched off and revoked."""

from datetime import timedelta
from enum import StrEnum
from typing import Any

import orjson
from fastapi import Request, Response

from api.actions.tokens import change_token, existing_token, make_token, revoke_token
from api.console import forms
from api.console.forms import Form, FormProblem
from api.console.language import text
from api.console.params import PageQuery
from api.console.rendering import address, go, page
from api.console.routing import pages
from api.console.scope import Scope, own_store, scope_of
from api.console.session import Visitor
from api.dependencies import app_state
from api.errors import ApiError, not_found
from api.fields import Id, PathId
from api.public_url import public_url
from api.schemas.tokens import NewTokenRequest, TokenChange
from contracts.tokens import Token
from database.access import tokens

router = pages("/tokens")

PAGE = 50
LIST = "/console/tokens/"
DAYS = (30, 90, 365)


class State(StrEnum):
    """Which tokens are listed."""

    USABLE = "usable"
    OFF = "off"


class TokenQuery(PageQuery):
    """The filters of the list."""

    store: Id | None = None
    state: State | None = None
    before: Id | None = None


async def _own_token(request: Request, token_id: int) -> Token:
    """Returns a token of a store that the visitor may see; raises 404."""
    token = await existing_token(app_state(request), token_id)
    try:
        await own_store(request, token.store_id)
    except ApiError:
        raise not_found("token") from None
    return token


@router.get("/")
async def show(request: Request) -> Response:
    """A page of tokens, the newest first."""
    query = TokenQuery(**request.query_params)
    scope = await scope_of(request, query.store)
    visitor: Visitor = request.state.visitor
    if scope.is_empty:
        return page(request, "overview_empty.html", scope=scope)
    async with app_state(request).database.reading() as connection:
        rows = await tokens.list_newest(
            connection,
            owner_id=None if visitor.signed_in.is_staff else visitor.signed_in.id,
            store_id=scope.store_id,
            is_usable=None if query.state is None else query.state is State.USABLE,
            before=query.before,
            limit=PAGE + 1,
        )
    following = rows[PAGE - 1].id if len(rows) > PAGE else None
    return page(
        request,
        "tokens.html",
        scope=scope,
        query=query,
        states=list(State),
        rows=rows[:PAGE],
        first=address(LIST, query.query(before=None)) if query.before else "",
        following=address(LIST, query.query(before=following)) if following else "",
    )


def _new(request: Request, scope: Scope, entered: Form, problem: FormProblem | None = None) -> Response:
    return page(
        request,
        "token_new.html",
        status=problem.status_code if problem else 200,
        scope=scope,
        entered=entered,
        problem=problem,
        days=DAYS,
    )


@router.get("/new/")
async def new(request: Request) -> Response:
    """The form of a new token, for the store in the address."""
    query = TokenQuery(**request.query_params)
    scope = await scope_of(request, query.store)
    if scope.is_empty:
        return page(request, "overview_empty.html", scope=scope)
    return _new(request, scope, {"store": str(scope.store_id or "")})


@router.post("/new/")
async def make(request: Request) -> Response:
    """Make a token; the page that follows is the only one that shows it."""
    form: Form = request.state.form
    visitor: Visitor = request.state.visitor
    public = public_url(request)
    scope = await scope_of(request, TokenQuery(store=form.get("store") or None).store)
    try:
        if scope.chosen is None:
            raise FormProblem("store_id", "choose a store")
        values: dict[str, Any] = {
            "store_id": scope.chosen.id,
            "integration_type": scope.chosen.type,
            "name": form.get("name", "").strip(),
            **_terms(request, form),
        }
        with forms.refused():
            made = await make_token(
                app_state(request), NewTokenRequest(**values), admin_id=visitor.signed_in.id
            )
    except FormProblem as problem:
        return _new(request, scope, form, problem)
    return page(
        request,
        "token_issued.html",
        token=made.token,
        secret=made.secret,
        api_address=public,
        body=orjson.dumps({"query": text(visitor.language, "issued.query")}).decode(),
    )


def _terms(request: Request, form: Form) -> dict[str, Any]:
    """Returns the addresses of a token, and its end unless it stays; raises FormProblem."""
    addresses = forms.latin(form.get("allowed_ips", ""))
    terms: dict[str, Any] = {"allowed_ips": tuple(forms.lines(addresses))}
    match form.get("days", ""):
        case "keep":
            pass
        case "":
            terms["expires_at"] = None
        case given if given in map(str, DAYS):
            end = app_state(request).database.clock.estimate() + timedelta(days=int(given))
            terms["expires_at"] = end.isoformat()
        case _:
            raise FormProblem("expires_at", "choose one of the lengths")
    return terms


def _one(request: Request, token: Token, entered: Form, problem: FormProblem | None = None) -> Response:
    return page(
        request,
        "token.html",
        status=problem.status_code if problem else 200,
        token=token,
        entered=entered,
        problem=problem,
        days=DAYS,
    )


@router.get("/{token_id:id}/")
async def show_one(request: Request, token_id: PathId) -> Response:
    """One token with its terms, and how to end it."""
    token = await _own_token(request, token_id)
    return _one(request, token, {"name": token.name, "allowed_ips": "\n".join(token.allowed_ips)})


@router.post("/{token_id:id}/")
async def change(request: Request, token_id: PathId) -> Response:
    """Change the name, the addresses and the end of a token."""
    token = await _own_token(request, token_id)
    form: Form = request.state.form
    try:
        values = {"name": form.get("name", "").strip(), **_terms(request, form)}
        with forms.refused():
            await change_token(app_state(request), token_id, TokenChange(**values))
    except FormProblem as problem:
        return _one(request, token, form, problem)
    return go(f"{LIST}{token_id}/", done="token_changed")


@router.post("/{token_id:id}/active/")
async def switch(request: Request, token_id: PathId) -> Response:
    """Switch a token off, or on again."""
    await _own_token(request, token_id)
    is_active = forms.is_checked(request.state.form, "active")
    await change_token(app_state(request), token_id, TokenChange(is_active=is_active))
    return go(f"{LIST}{token_id}/", done="token_on" if is_active else "token_off")


@router.post("/{token_id:id}/revoke/")
async def revoke(request: Request, token_id: PathId) -> Response:
    """Revoke a token for good."""
    token = await _own_token(request, token_id)
    await revoke_token(app_state(request), token_id)
    return go(LIST, store=token.store_id, done="token_revoked")
