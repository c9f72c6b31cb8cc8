"""One's own account: the password, and the sessions that are open."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio

from api.console.browsers import browser_of
from api.security.sign_in import PAIR
from database.access import users
from tests.console.browser import PASSWORD, Browser, open_browser
from tests.support import throttles
from tests.support.sessions import session_of
from tests.support.shop import Shop
from tests.support.system import System

HERE = "/console/account/"
NEW = "گذرواژهٔ بسیار تازه"


@pytest_asyncio.fixture
async def owner(system: System, shop: Shop) -> AsyncIterator[Browser]:
    async with open_browser(system, shop.user_id) as browser:
        yield browser


Another = Callable[..., Awaitable[Browser]]


@pytest_asyncio.fixture
async def another(system: System, shop: Shop) -> AsyncIterator[Another]:
    """Signs the same person in with one more browser."""
    async with system.database.reading() as connection:
        user = await users.read_user(connection, shop.user_id)
    assert user
    async with AsyncExitStack() as opened:

        async def sign_in(password: str = PASSWORD) -> Browser:
            browser = await opened.enter_async_context(Browser(system.http.base_url))
            await browser.sign_in(user.email, password)
            return browser

        yield sign_in


async def is_signed_in(browser: Browser) -> bool:
    return (await browser.get(HERE)).url.path == HERE


async def test_a_password_is_changed_with_the_present_one(
    system: System, shop: Shop, owner: Browser, another: Another
) -> None:
    """All other sessions end, and all of the API; this browser goes on with a new one."""
    other, headers = await another(), await session_of(system, shop.user_id)
    secret = owner.http.cookies["pilito"]
    page = await owner.post(f"{HERE}password/", old_password=PASSWORD, password=NEW, repeated=NEW)
    assert "Your password is changed" in page.text
    assert owner.http.cookies["pilito"] != secret
    assert await is_signed_in(owner)
    assert not await is_signed_in(other)
    assert (await system.http.get("/api/v1/auth/me/", headers=headers)).status_code == 401
    async with Browser(system.http.base_url) as thief:
        thief.http.cookies.set("pilito", secret)
        assert not await is_signed_in(thief)
    assert await is_signed_in(await another(NEW))


async def test_a_password_that_is_refused(
    system: System, shop: Shop, owner: Browser, another: Another
) -> None:
    """A wrong present one, a short one, and two that differ; nothing ends."""
    for form, problem in (
        ({"old_password": "wrong", "password": NEW, "repeated": NEW}, "The present password is wrong."),
        ({"old_password": PASSWORD, "password": "short", "repeated": "short"}, "A password needs 12"),
        ({"old_password": PASSWORD, "password": NEW, "repeated": f"{NEW}."}, "The two new passwords differ."),
        ({}, "A password needs 12"),
    ):
        page = await owner.post(f"{HERE}password/", **form)
        assert page.status_code == 400
        assert problem in page.text
        assert NEW not in page.text
    assert await is_signed_in(owner)
    assert await is_signed_in(await another())


async def test_guesses_of_the_present_password_are_throttled(shop: Shop, owner: Browser) -> None:
    """As attempts to sign in are: a stolen session finds no password."""
    form = {"old_password": "a wrong guess", "password": NEW, "repeated": NEW}
    statuses = [(await owner.post(f"{HERE}password/", **form)).status_code for _ in range(PAIR.free)]
    assert statuses == [400] * PAIR.free
    [user] = await shop.rows("SELECT email FROM users WHERE id = :user", user=shop.user_id)
    await throttles.prolong(shop.database, user["email"], "127.0.0.1")
    assert (await owner.post(f"{HERE}password/", **form)).status_code == 429
    right = await owner.post(f"{HERE}password/", **{**form, "old_password": PASSWORD})
    assert right.status_code == 429


async def test_sessions_are_listed_and_ended(owner: Browser, another: Another) -> None:
    """One, or all others; the session of this browser has no button."""
    second, third = await another(), await another()
    page = await owner.page(HERE)
    ends = re.findall(r"/console/account/sessions/(\d+)/end/", page)
    assert len(ends) == 2
    assert page.count("this one") == 1
    await owner.post(f"{HERE}sessions/{ends[0]}/end/")
    assert [await is_signed_in(second), await is_signed_in(third)].count(True) == 1
    page = (await owner.post(f"{HERE}sessions/end-others/")).text
    assert "All your other sessions have ended." in page
    assert not await is_signed_in(second)
    assert not await is_signed_in(third)
    assert await is_signed_in(owner)


async def test_sessions_of_other_people_are_not_ended(system: System, shop: Shop, owner: Browser) -> None:
    """Their ids do nothing here."""
    stranger = await system.shop()
    async with open_browser(system, stranger.user_id) as other:
        [session] = await shop.rows(
            "SELECT max(id) AS id FROM console_sessions WHERE user_id = :user", user=stranger.user_id
        )
        await owner.post(f"{HERE}sessions/{session['id']}/end/")
        await owner.post(f"{HERE}sessions/end-others/")
        assert await is_signed_in(other)


async def test_in_persian(system: System, shop: Shop) -> None:
    """With names that are not translated, and an unknown browser in words."""
    async with open_browser(system, shop.user_id, language="fa") as browser:
        page = await browser.page(HERE)
    for words in ("حساب شما", "نشست‌های شما", "همین نشست", "برنامهٔ ناشناخته"):
        assert words in page


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/140.0 Safari/537.36 Edg/140.0", "Edge, Windows"),
        ("Mozilla/5.0 (Linux; Android 15) Chrome/140.0 Mobile Safari/537.36", "Chrome, Android"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Safari/604.1", "Safari, iPhone"),
        ("curl/8.14.1", "curl"),
        ("", ""),
    ],
)
def test_browsers_have_names(user_agent: str, name: str) -> None:
    """The most telling mark decides; an unknown program has no name."""
    assert browser_of(user_agent) == name
