"""People: their accounts, for admins. No page shows a password."""

from fastapi import Request, Response

from api.actions.people import change_role, make_person, read_person, set_password
from api.console import forms
from api.console.forms import Form, FormProblem
from api.console.params import PageQuery
from api.console.rendering import address, go, page
from api.console.routing import staff_pages
from api.console.session import Visitor
from api.dependencies import app_state
from api.errors import ApiError
from api.fields import Id, PathId, Words
from database.access import users

router = staff_pages("/users")

PAGE = 50
LIST = "/console/users/"


class PeopleQuery(PageQuery):
    """The filter of the list: a part of the email."""

    part: Words = ""
    before: Id | None = None


@router.get("/")
async def show(request: Request) -> Response:
    """A page of accounts, the newest first."""
    query = PeopleQuery(**request.query_params)
    async with app_state(request).database.reading() as connection:
        rows = await users.list_people(
            connection, part=query.part.strip(), before=query.before, limit=PAGE + 1
        )
    following = rows[PAGE - 1].id if len(rows) > PAGE else None
    return page(
        request,
        "users.html",
        query=query,
        rows=rows[:PAGE],
        first=address(LIST, query.query(before=None)) if query.before else "",
        following=address(LIST, query.query(before=following)) if following else "",
    )


def _new(request: Request, entered: Form, problem: FormProblem | None = None) -> Response:
    return page(
        request,
        "user_new.html",
        status=problem.status_code if problem else 200,
        entered=entered,
        problem=problem,
    )


@router.get("/new/")
async def new(request: Request) -> Response:
    """The form of a new account."""
    return _new(request, {})


@router.post("/new/")
async def make(request: Request) -> Response:
    """Make an account."""
    form: Form = request.state.form
    try:
        with forms.refused():
            user_id = await make_person(
                app_state(request),
                email=form.get("email", ""),
                password=form.get("password", ""),
                is_staff=forms.is_checked(form, "is_staff"),
            )
    except FormProblem as problem:
        return _new(request, form, problem)
    return go(f"{LIST}{user_id}/", done="user_made")


async def _one(request: Request, user_id: int, problem: FormProblem | None = None) -> Response:
    person = await read_person(app_state(request), user_id)
    return page(
        request,
        "user.html",
        status=problem.status_code if problem else 200,
        person=person,
        problem=problem,
        is_own=_is_own(request, user_id),
    )


def _is_own(request: Request, user_id: int) -> bool:
    visitor: Visitor = request.state.visitor
    return visitor.signed_in.id == user_id


def _check_other(request: Request, user_id: int) -> None:
    """Raises 409 for the visitor's own account, so that no admin locks themselves out by mistake."""
    if _is_own(request, user_id):
        raise ApiError(409, {"error": "Another admin has to change your account"})


@router.get("/{user_id:id}/")
async def show_one(request: Request, user_id: PathId) -> Response:
    """One account, and what an admin may do with it."""
    return await _one(request, user_id)


@router.post("/{user_id:id}/active/")
async def switch(request: Request, user_id: PathId) -> Response:
    """Close an account, which ends its sessions, or open it again."""
    _check_other(request, user_id)
    is_active = forms.is_checked(request.state.form, "active")
    await change_role(app_state(request), user_id, is_active=is_active)
    return go(f"{LIST}{user_id}/", done="user_opened" if is_active else "user_closed")


@router.post("/{user_id:id}/role/")
async def change(request: Request, user_id: PathId) -> Response:
    """Make a person an admin, or an owner of stores only."""
    _check_other(request, user_id)
    is_staff = forms.is_checked(request.state.form, "staff")
    await change_role(app_state(request), user_id, is_staff=is_staff)
    return go(f"{LIST}{user_id}/", done="user_admin" if is_staff else "user_owner")


@router.post("/{user_id:id}/password/")
async def replace(request: Request, user_id: PathId) -> Response:
    """Set the password of a person who forgot theirs; all of their sessions end."""
    _check_other(request, user_id)
    try:
        with forms.refused():
            await set_password(app_state(request), user_id, request.state.form.get("password", ""))
    except FormProblem as problem:
        return await _one(request, user_id, problem)
    return go(f"{LIST}{user_id}/", done="user_password")
