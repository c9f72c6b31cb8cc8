"""Pages as HTML: templates, their words and formats, and the policy of what a browser may load."""

from collections.abc import Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from fastapi import Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from api.assets.vendored import CONSOLE, Asset, read_record, served
from api.console.assets import OWN
from api.console.formats import Formats
from api.console.language import Language, text, texts
from api.console.session import SAFE, Visitor
from api.dependencies import app_state

TEMPLATES = Path(__file__).parent / "templates"
PREFIX = "/console/static"

VENDORED: Mapping[str, Asset] = {
    name: asset
    for folder in (CONSOLE / "htmx", CONSOLE / "pico", CONSOLE / "vazirmatn")
    for name, asset in served(folder, read_record(folder), prefix=PREFIX).items()
}

NAV = (
    ("overview", "/console/"),
    ("events", "/console/events/"),
    ("products", "/console/products/"),
    ("search", "/console/search/"),
    ("stores", "/console/stores/"),
    ("tokens", "/console/tokens/"),
    ("questions", "/console/questions/"),
    ("models", "/console/models/"),
    ("users", "/console/users/"),
)
ALONE = ("/console/sign-in/", "/console/account/")
"""Pages that the navigation does not have."""

STAFF_ONLY = frozenset({"models", "users"})

POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: https: http:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ]
)
"""Pages run our own script and style only; images of products come from the shops."""


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["assets"] = {**OWN, **VENDORED}
    return environment


def page(request: Request, template: str, *, status: int = 200, **context: Any) -> Response:
    """Returns a page; `context` is what the template shows.

    Every template also has `visitor`, `t` (texts), `has_text`, `f` (formats), `path`, `query` and `here`, the
    address of the page.
    """
    visitor: Visitor = request.state.visitor
    state = app_state(request)
    html = (
        _templates()
        .get_template(template)
        .render(
            visitor=visitor,
            t=partial(text, visitor.language),
            has_text=texts(visitor.language).__contains__,
            f=Formats(visitor.language, state.database.clock.estimate()),
            path=request.url.path,
            here=_here(request),
            done=request.query_params.get("done", ""),
            nav=[entry for entry in NAV if entry[0] not in STAFF_ONLY or _is_staff(visitor)],
            csrf=partial(_csrf, visitor.csrf),
            Language=Language,
            **context,
        )
    )
    headers = {"Content-Security-Policy": POLICY, "Cache-Control": "no-store", "Vary": "Cookie"}
    return HTMLResponse(html, status, headers)


def _here(request: Request) -> str:
    """Returns the address that shows this page again; after a form, the one of its list."""
    path = request.url.path
    if request.method in SAFE:
        return address(path, dict(request.query_params))
    shown = (*(href for _, href in NAV), *ALONE)
    return max((href for href in shown if path.startswith(href)), key=len, default="/console/")


def _is_staff(visitor: Visitor) -> bool:
    return visitor.user is not None and visitor.user.is_staff


def _csrf(token: str) -> Markup:
    return Markup('<input type="hidden" name="csrf" value="{}">').format(token) if token else Markup("")


def address(path: str, query: Mapping[str, object]) -> str:
    """Returns the address of a page with these filters; those without a value are left out."""
    given = {name: str(value) for name, value in query.items() if value not in (None, "", False)}
    return f"{path}?{urlencode(given)}" if given else path


def workflow_link(request: Request, workflow_id: str | None, run_id: str = "") -> str:
    """Returns the address of a workflow in Temporal's UI; empty for all but admins."""
    if not workflow_id or not _is_staff(request.state.visitor):
        return ""
    return app_state(request).workflow_url(workflow_id, run_id)


def go(path: str, **query: object) -> Response:
    """Returns a redirect after a form, so that loading again sends nothing twice."""
    return RedirectResponse(address(path, query), 303, headers={"Cache-Control": "no-store"})
