"""Sign-in, sign-out, and the choice of language and theme."""

import re
from urllib.parse import unquote

from fastapi import Request, Response

from api.console.language import Language
from api.console.rendering import go, page
from api.console.routing import SIGN_IN, open_pages
from api.console.session import LANGUAGE, THEME, THEMES, Visitor, begin, forget, remember
from api.dependencies import app_state
from api.errors import ApiError
from database.access import console_sessions
from database.access.accounts import LONGEST_EMAIL

router = open_pages()

HOME = "/console/"


def own_path(given: str) -> str:
    """Returns a path of the console to go on with; the home page for any other address.

    A browser reads a backslash as a slash, drops line ends, and resolves `..` also where it is encoded.
    """
    path = unquote(re.split(r"[?#]", given)[0])
    is_plain = given.isprintable() and " " not in given and "\\" not in given + path
    climbs = any(part in (".", "..") for part in path.split("/"))
    return given if given.startswith(HOME) and is_plain and not climbs else HOME


@router.get("/sign-in/")
async def show(request: Request) -> Response:
    """The form; who is signed in goes on at once."""
    visitor: Visitor = request.state.visitor
    following = own_path(request.query_params.get("next", ""))
    if visitor.user is not None:
        return go(following)
    email = request.query_params.get("email", "")[:LONGEST_EMAIL]
    problem = "ended" if request.query_params.get("ended") == "1" else ""
    return page(request, "sign_in.html", next=following, email=email, problem=problem, wait=0)


@router.post("/sign-in/")
async def sign_in(request: Request) -> Response:
    """Open a session for an email and a password."""
    form = request.state.form
    state, email = app_state(request), form.get("email", "")
    following = own_path(form.get("next", ""))
    try:
        user = await state.sign_in.user(request, email, form.get("password", ""))
    except ApiError as error:
        if error.status_code not in (401, 429):
            raise
        wait = int((error.headers or {}).get("Retry-After", 0))
        problem = "wrong" if error.status_code == 401 else "throttled"
        shown = {"next": following, "email": email, "problem": problem, "wait": wait}
        return page(request, "sign_in.html", status=error.status_code, **shown)
    response = go(following)
    if not await begin(request, response, state, user):
        return go(SIGN_IN)
    before: Visitor = request.state.visitor
    if before.user is not None:
        async with state.database.transaction() as connection:
            await console_sessions.end(connection, before.user.id, only=before.session_id)
    return response


@router.post("/sign-out/")
async def sign_out(request: Request) -> Response:
    """End this session."""
    visitor: Visitor = request.state.visitor
    if visitor.user is not None:
        async with app_state(request).database.transaction() as connection:
            await console_sessions.end(connection, visitor.user.id, only=visitor.session_id)
    response = go(SIGN_IN)
    forget(request, response)
    return response


@router.post("/look/")
async def look(request: Request) -> Response:
    """Remember a language or a theme, and go back."""
    form = request.state.form
    response = go_back(form.get("back", ""))
    if form.get("language") in tuple(Language):
        remember(request, response, LANGUAGE, form["language"])
    if form.get("theme") in THEMES:
        remember(request, response, THEME, form["theme"])
    return response


def go_back(path: str) -> Response:
    """Returns a redirect to a page of the console."""
    return go(own_path(path))
