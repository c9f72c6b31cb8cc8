"""Who looks at a page: a session in a cookie, its language and theme, and forms of our own only.

The cookie opens pages and nothing else: JSON routes read the `Authorization` header, which no page reads. An
unsafe request needs the session's token in its form, and a browser that says it comes from our own pages.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from fastapi import Request, Response

from api.console.language import Language
from api.dependencies import AppState, app_state
from api.errors import ApiError
from api.forwarded import forwarded
from api.i18n import language as preferred
from api.middleware.request_log import request_facts
from api.public_url import public_url
from api.security.client_ip import client_address
from database.access import console_sessions
from database.access.users import User

NAME = "pilito"
SECURE_NAME = "__Host-pilito"
LANGUAGE = "pilito_language"
THEME = "pilito_theme"
THEMES = ("light", "dark")
YEAR = 365 * 24 * 3600
SAFE = frozenset({"GET", "HEAD"})
CSRF = "csrf"
"""The name of the field with the token of the session."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Who sends a request; `user`, `session_id` and `csrf` are None and empty before sign-in."""

    language: Language
    theme: str
    user: User | None = None
    session_id: int | None = None
    csrf: str = ""

    @property
    def signed_in(self) -> User:
        """The user; every page but sign-in has one."""
        if self.user is None:
            raise RuntimeError("this page has no user")
        return self.user


def is_secure(request: Request) -> bool:
    """Returns whether the browser reached us by https."""
    return public_url(request).startswith("https://")


def _token(secret: str) -> str:
    """Returns what forms of a session carry; the secret cannot be derived from it."""
    return hmac.new(secret.encode(), b"form", hashlib.sha256).hexdigest()


def _secret(request: Request) -> str:
    return request.cookies.get(SECURE_NAME if is_secure(request) else NAME, "")


def had_session(request: Request) -> bool:
    """Returns whether the browser has a cookie of a session, be it of one that ended."""
    return bool(_secret(request))


def guest_of(request: Request) -> Visitor:
    """Returns a visitor with a language and a theme only, from cookies and headers."""
    theme = request.cookies.get(THEME, "")
    return Visitor(language=chosen_language(request), theme=theme if theme in THEMES else "")


async def visitor_of(request: Request) -> Visitor:
    """Returns who sends a request; raises the errors of a database that does not answer."""
    state = app_state(request)
    visitor = guest_of(request)
    secret = _secret(request)
    if not secret:
        return visitor
    async with state.database.reading() as connection:
        found = await console_sessions.find(connection, secret)
    if found is None:
        return visitor
    if found.is_stale:
        async with state.database.transaction() as connection:
            await console_sessions.see(connection, found.session_id)
    request_facts(request).user_id = found.user.id
    return replace(visitor, user=found.user, session_id=found.session_id, csrf=_token(secret))


def chosen_language(request: Request) -> Language:
    """Returns the language of the switch, or else the one that the browser prefers."""
    chosen = request.cookies.get(LANGUAGE, "")
    return Language(
        chosen if chosen in tuple(Language) else preferred(request.headers.get("accept-language"))
    )


async def begin(request: Request, response: Response, state: AppState, user: User) -> bool:
    """Open a session and set its cookie. Returns False if the account changed in this moment."""
    address = client_address(request, state.settings.trusted_proxies)
    async with state.database.transaction() as connection:
        secret = await console_sessions.open_(
            connection, user, address=address, user_agent=request.headers.get("user-agent", "")
        )
    if secret is None:
        return False
    secure = is_secure(request)
    name = SECURE_NAME if secure else NAME
    response.set_cookie(name, secret, httponly=True, secure=secure, samesite="lax", path="/")
    return True


def forget(request: Request, response: Response) -> None:
    """Remove the cookie of the session."""
    secure = is_secure(request)
    name = SECURE_NAME if secure else NAME
    response.delete_cookie(name, httponly=True, secure=secure, samesite="lax", path="/")


def remember(request: Request, response: Response, name: str, value: str) -> None:
    """Set a cookie with a choice of the visitor, for a year."""
    response.set_cookie(
        name, value, max_age=YEAR, httponly=True, secure=is_secure(request), samesite="lax", path="/"
    )


def check_origin(request: Request) -> None:
    """Raise 403 unless a browser says that a page of ours sent the request."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        if site not in ("same-origin", "none"):
            raise ApiError(403, {"error": "This form was sent from another site"})
        return
    origin = request.headers.get("origin")
    if origin is None or not _is_ours(request, origin):
        raise ApiError(403, {"error": "This form was not sent from a page of this site"})


def _is_ours(request: Request, origin: str) -> bool:
    said = forwarded(request, request.app.state.trusted_proxies)
    hosts = {urlsplit(public_url(request)).netloc, said.host or request.headers.get("host", "")}
    try:
        return urlsplit(origin).netloc in hosts - {""}
    except ValueError:
        return False


def check_form(request: Request, visitor: Visitor, form: Mapping[str, object]) -> None:
    """Raise 403 unless a form has the token of the visitor's session and comes from our own pages."""
    check_origin(request)
    given = str(form.get(CSRF, ""))
    if not visitor.csrf or not hmac.compare_digest(given.encode(), visitor.csrf.encode()):
        raise ApiError(403, {"error": "This form is of a session that ended; load the page again"})
