"""One's own account: its password and its sessions."""

from fastapi import Request, Response

from api.actions.people import check_password, set_password
from api.console import forms
from api.console.browsers import browser_of
from api.console.forms import Form, FormProblem
from api.console.rendering import go, page
from api.console.routing import SIGN_IN, pages
from api.console.session import Visitor, begin
from api.dependencies import app_state
from api.errors import ApiError
from api.fields import PathId
from database.access import console_sessions, users
from database.access.users import User

router = pages("/account")

HERE = "/console/account/"


async def _show(request: Request, problem: FormProblem | None = None) -> Response:
    visitor: Visitor = request.state.visitor
    async with app_state(request).database.reading() as connection:
        sessions = await console_sessions.list_open(connection, visitor.signed_in.id)
    return page(
        request,
        "account.html",
        status=problem.status_code if problem else 200,
        problem=problem,
        sessions=[(session, browser_of(session.user_agent)) for session in sessions],
    )


@router.get("/")
async def show(request: Request) -> Response:
    """The email, a form for a new password, and the open sessions."""
    return await _show(request)


async def _proved(request: Request, password: str) -> User:
    """Returns the visitor, who gave the present password; attempts are throttled as those to sign in."""
    visitor: Visitor = request.state.visitor
    try:
        return await app_state(request).sign_in.user(request, visitor.signed_in.email, password)
    except ApiError as error:
        if error.status_code == 401:
            raise FormProblem("old_password", "the present password is wrong") from None
        if error.status_code == 429:
            raise FormProblem("throttled", "too many attempts", status=429) from None
        raise


@router.post("/password/")
async def change_password(request: Request) -> Response:
    """Change the password with the present one; every session ends but this one, which begins again."""
    form: Form = request.state.form
    state, new = app_state(request), form.get("password", "")
    try:
        with forms.refused():
            check_password(new)
        if new != form.get("repeated", ""):
            raise FormProblem("repeated", "the two passwords differ")
        proved = await _proved(request, form.get("old_password", ""))
    except FormProblem as problem:
        return await _show(request, problem)
    await set_password(state, proved.id, new, since=proved.password_at)
    async with state.database.reading() as connection:
        user = await users.read_user(connection, proved.id)
    response = go(HERE, done="password_changed")
    if user is None or not await begin(request, response, state, user):
        return go(SIGN_IN)
    return response


@router.post("/sessions/{session_id:id}/end/")
async def end(request: Request, session_id: PathId) -> Response:
    """End one of one's sessions."""
    visitor: Visitor = request.state.visitor
    async with app_state(request).database.transaction() as connection:
        await console_sessions.end(connection, visitor.signed_in.id, only=session_id)
    return go(HERE, done="session_ended")


@router.post("/sessions/end-others/")
async def end_others(request: Request) -> Response:
    """End all of one's sessions but this one."""
    visitor: Visitor = request.state.visitor
    async with app_state(request).database.transaction() as connection:
        await console_sessions.end(connection, visitor.signed_in.id, other_than=visitor.session_id)
    return go(HERE, done="sessions_ended")
