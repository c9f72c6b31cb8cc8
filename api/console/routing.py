"""How pages are routed: who looks, whether a form is genuine, and errors as pages."""

from collections.abc import Callable, Coroutine
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from fastapi.routing import APIRoute
from pydantic import ValidationError

from api.console import rendering
from api.console.session import SAFE, check_form, check_origin, visitor_of
from api.dependencies import app_state
from api.errors import DATABASE_DOWN, ApiError, invalid_field
from contracts.errors import InvalidField

SIGN_IN = "/console/sign-in/"
Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class _Page(APIRoute):
    """A page for people who are signed in; others are sent to sign in first, and back."""

    needs_user = True
    needs_staff = False

    def get_route_handler(self) -> Handler:
        handle = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            try:
                return await self._guarded(request, handle)
            except InvalidField as error:
                return _problem(request, invalid_field(error.field, error.problem))
            except ApiError as error:
                return _problem(request, error)
            except RequestValidationError as error:
                return _problem(request, ApiError(400, {"error": str(error.errors()[0]["msg"])}))
            except ValidationError as error:
                return _problem(request, _wrong_field(error))
            except DATABASE_DOWN:
                return _problem(request, ApiError(503, {"error": "The database does not answer right now"}))

        return guarded

    async def _guarded(self, request: Request, handle: Handler) -> Response:
        visitor = request.state.visitor = await visitor_of(request)
        if self.needs_user and visitor.user is None:
            return _to_sign_in(request)
        if visitor.user is not None:
            state = app_state(request)
            await state.user_rate_limit.check(visitor.user.id)
        if self.needs_staff and not visitor.signed_in.is_staff:
            raise ApiError(403, {"error": "Only admins may do this"})
        if request.method not in SAFE:
            form = await request.form()
            request.state.form = {name: value for name, value in form.items() if isinstance(value, str)}
            for name, value in request.state.form.items():
                if "\0" in value:
                    raise invalid_field(name, "has a character that cannot be stored")
            if visitor.user is None:
                check_origin(request)
            else:
                check_form(request, visitor, request.state.form)
        return await handle(request)


class _OpenPage(_Page):
    needs_user = False


class _StaffPage(_Page):
    needs_staff = True


def pages(prefix: str = "") -> APIRouter:
    """Returns a router for pages of people who are signed in."""
    return APIRouter(prefix=f"/console{prefix}", route_class=_Page, include_in_schema=False)


def open_pages(prefix: str = "") -> APIRouter:
    """Returns a router for pages that need no sign-in."""
    return APIRouter(prefix=f"/console{prefix}", route_class=_OpenPage, include_in_schema=False)


def staff_pages(prefix: str = "") -> APIRouter:
    """Returns a router for pages of admins."""
    return APIRouter(prefix=f"/console{prefix}", route_class=_StaffPage, include_in_schema=False)


def _to_sign_in(request: Request) -> Response:
    if request.method not in SAFE:
        return RedirectResponse(SIGN_IN, 303)
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    target = SIGN_IN if here in ("/console/", "/console") else f"{SIGN_IN}?next={quote(here, safe='')}"
    if request.headers.get("hx-request"):
        return Response(status_code=204, headers={"HX-Redirect": target})
    return RedirectResponse(target, 303, headers={"Cache-Control": "no-store"})


def _wrong_field(error: ValidationError) -> ApiError:
    """Returns the error for a filter or a field of a form that cannot be read."""
    first = error.errors()[0]
    field = ".".join(map(str, first["loc"]))
    return invalid_field(field, str(first["msg"]).removeprefix("Value error, "))


def _problem(request: Request, error: ApiError) -> Response:
    if not hasattr(request.state, "visitor"):
        raise error
    said = error.content.get("error") or error.content.get("detail") or ""
    response = rendering.page(
        request, "problem.html", status=error.status_code, kind=_kind(error.status_code), said=str(said)
    )
    if error.headers and "Retry-After" in error.headers:
        response.headers["Retry-After"] = error.headers["Retry-After"]
    return response


def _kind(status: int) -> str:
    """Returns the name of a problem; the texts have what to do about each."""
    known = {400: "input", 403: "forbidden", 404: "missing", 409: "conflict", 429: "busy", 503: "down"}
    return known.get(status, "input")
