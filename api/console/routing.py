"""How pages are routed: who looks, whether a form is genuine, and errors as pages."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any
from urllib.parse import SplitResult, urlsplit

from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from fastapi.routing import APIRoute
from pydantic import ValidationError
from starlette.datastructures import URL
from starlette.exceptions import HTTPException

from api.console import rendering
from api.console.requests.bodies import form_of
from api.console.requests.failures import failure
from api.console.session import SAFE, check_form, check_origin, guest_of, had_session, visitor_of
from api.dependencies import app_state
from api.errors import ApiError, invalid_field, unavailable
from contracts.errors import InvalidField

SIGN_IN = "/console/sign-in/"
Handler = Callable[[Request], Coroutine[Any, Any, Response]]

PATIENCE = 10.0
PATIENCE_WITH_FORMS = 60.0
"""Seconds that a page, and what a form asks for, may take."""

_late: set[asyncio.Task[Response]] = set()
"""What ran out of time and is being cancelled: a statement that gets no answer may take long to give up."""


class _Page(APIRoute):
    """A page for people who are signed in; others are sent to sign in first, and back."""

    needs_user = True
    needs_staff = False

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, endpoint, **options)
        if self.methods and "GET" in self.methods:
            self.methods.add("HEAD")

    def get_route_handler(self) -> Handler:
        handle = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            request.state.visitor = guest_of(request)
            try:
                return await _in_time(request, self._guarded(request, handle))
            except InvalidField as error:
                return _problem(request, invalid_field(error.field, error.problem))
            except ApiError as error:
                return _problem(request, error)
            except HTTPException as error:
                return _problem(request, ApiError(error.status_code, {"error": error.detail}))
            except RequestValidationError as error:
                return _problem(request, ApiError(400, {"error": str(error.errors()[0]["msg"])}))
            except ValidationError as error:
                return _problem(request, _wrong_field(error))
            except TimeoutError:
                return _problem(request, unavailable("The page took too long"))
            except Exception as error:
                return _problem(request, failure(error))

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
            request.state.form = await form_of(request)
            if visitor.user is None or request.url.path == SIGN_IN:
                check_origin(request)
            else:
                check_form(request, visitor, request.state.form)
        return await handle(request)


class _OpenPage(_Page):
    needs_user = False


class _StaffPage(_Page):
    needs_staff = True


async def _in_time(request: Request, answering: Coroutine[Any, Any, Response]) -> Response:
    """Returns the answer; raises TimeoutError if it takes too long, without waiting for what is cancelled."""
    task = asyncio.create_task(answering)
    try:
        done, _ = await asyncio.wait(
            {task}, timeout=PATIENCE if request.method in SAFE else PATIENCE_WITH_FORMS
        )
    except asyncio.CancelledError:
        task.cancel()
        raise
    if not done:
        _late.add(task)
        task.add_done_callback(_forget)
        task.cancel()
        raise TimeoutError
    return task.result()


def _forget(task: asyncio.Task[Response]) -> None:
    """Drop a task that ended late; its error is read, because asyncio would log it otherwise."""
    _late.discard(task)
    if not task.cancelled():
        task.exception()


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
    """Returns what leads a browser to sign in, and then back to the page that it shows.

    A script gets a header for that: it would look for its part of a page in the form of the sign-in.
    """
    is_part = bool(request.headers.get("hx-request"))
    shown = _here(urlsplit(request.headers.get("hx-current-url", ""))) if is_part else ""
    here = shown or (_here(request.url) if request.method in SAFE else "")
    query = {"next": here} if here not in ("", "/console/", "/console") else {}
    if had_session(request):
        query["ended"] = "1"
    target = rendering.address(SIGN_IN, query)
    if is_part:
        return Response(status_code=204, headers={"HX-Redirect": target, "Cache-Control": "no-store"})
    return RedirectResponse(target, 303, headers={"Cache-Control": "no-store"})


def _here(url: URL | SplitResult) -> str:
    return url.path + (f"?{url.query}" if url.query else "")


def _wrong_field(error: ValidationError) -> ApiError:
    """Returns the error for a filter or a field of a form that cannot be read."""
    first = error.errors()[0]
    field = ".".join(map(str, first["loc"]))
    return invalid_field(field, str(first["msg"]).removeprefix("Value error, "))


PASSING = frozenset({429, 503})
"""Problems that pass: a part of a page stays as it is, and the page says above it what is wrong."""

ABOVE = {"HX-Retarget": "#trouble", "HX-Reselect": "#trouble", "HX-Reswap": "outerMorph"}

WHOLE = {"HX-Retarget": "#main", "HX-Reselect": "#main", "HX-Reswap": "outerHTML"}
"""What makes htmx show a problem in place of the page: the part that it asked for is not in it."""


def _problem(request: Request, error: ApiError) -> Response:
    is_part = bool(request.headers.get("hx-request"))
    passes = is_part and error.status_code in PASSING
    said = error.content.get("error") or error.content.get("detail") or ""
    response = rendering.page(
        request,
        "trouble.html" if passes else "problem.html",
        status=error.status_code,
        kind=_kind(error.status_code),
        said=str(said),
        field=str(error.content.get("field") or ""),
    )
    if is_part:
        response.headers.update(ABOVE if passes else WHOLE)
    if error.headers and "Retry-After" in error.headers:
        response.headers["Retry-After"] = error.headers["Retry-After"]
    return response


def _kind(status: int) -> str:
    """Returns the name of a problem; the texts have what to do about each."""
    known = {403: "forbidden", 404: "missing", 409: "conflict", 413: "large", 429: "busy", 503: "down"}
    return known.get(status, "broken" if status >= 500 else "input")
