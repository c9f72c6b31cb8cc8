"""A browser without scripts: a session in a cookie, pages, and forms with the token of the session."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html import unescape
from typing import Any, Self

import httpx2

from database.access import console_sessions, provision, users
from tests.support.system import System

PASSWORD = "correct horse battery"
"""Of the accounts that tests make."""

SIGN_IN = "/console/sign-in/"
_TOKEN = re.compile(r'name="csrf" value="([0-9a-f]+)"')


class Browser:
    """Asks for pages of the console as one person; redirects are followed."""

    def __init__(self, base_url: object, *, language: str = "en") -> None:
        self.http = httpx2.AsyncClient(
            base_url=str(base_url),
            follow_redirects=True,
            timeout=30,
            headers={"Sec-Fetch-Site": "same-origin"},
            cookies={"pilito_language": language},
        )
        self.csrf = ""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.aclose()

    async def sign_in(self, email: str, password: str = PASSWORD) -> None:
        """Open a session; fails for a wrong password."""
        if "pilito" in self.http.cookies:
            self.http.cookies.delete("pilito")
        answer = await self.http.post(SIGN_IN, data={"email": email, "password": password})
        assert answer.status_code == 200, answer.text
        self._read_token(answer)

    async def take(self, secret: str) -> None:
        """Go on with a session that is open already."""
        self.http.cookies.set("pilito", secret)
        self._read_token(await self.http.get("/console/"))

    def _read_token(self, page: httpx2.Response) -> None:
        found = _TOKEN.search(page.text)
        assert found, f"the page has no form of a session: {page.status_code}"
        self.csrf = found[1]

    async def get(self, path: str, **query: Any) -> httpx2.Response:
        """Returns a page; its status may be any."""
        given = {name: value for name, value in query.items() if value is not None}
        return await self.http.get(path, params=given or None)

    async def page(self, path: str, **query: Any) -> str:
        """Returns the text of a page as people read it: HTML, with its entities replaced."""
        answer = await self.get(path, **query)
        assert answer.status_code == 200, answer.text
        return unescape(answer.text)

    async def post(self, path: str, **form: Any) -> httpx2.Response:
        """Send a form with the token of the session. Returns the page after it."""
        return await self.http.post(path, data={"csrf": self.csrf, **form})


@asynccontextmanager
async def open_browser(
    system: System, user_id: int | None = None, *, is_staff: bool = False, language: str = "en"
) -> AsyncIterator[Browser]:
    """Yields a browser with a session of a user, or of a person made for it."""
    email = "admin@example.com" if is_staff else "person@example.com"
    if user_id is not None:
        async with system.database.reading() as connection:
            user = await users.read_user(connection, user_id)
        assert user
        email, is_staff = user.email, user.is_staff
    await provision.save_user(system.database, email=email, password=PASSWORD, is_staff=is_staff)
    async with Browser(system.http.base_url, language=language) as browser:
        await browser.sign_in(email)
        yield browser


async def visiting(
    system: System, user_id: int | None = None, *, is_staff: bool = False, language: str = "en"
) -> Browser:
    """Returns a browser with a session that no password opened: hashing one takes long."""
    async with system.database.transaction() as connection:
        if user_id is None:
            email = f"visitor-{'staff' if is_staff else 'user'}@example.com"
            user_id = await users.save_user(
                connection, email=email, password_hash="unused", is_staff=is_staff
            )
        user = await users.read_user(connection, user_id)
        assert user
        secret = await console_sessions.open_(connection, user, address="127.0.0.1", user_agent="")
    assert secret
    browser = Browser(system.http.base_url, language=language)
    await browser.take(secret)
    return browser
