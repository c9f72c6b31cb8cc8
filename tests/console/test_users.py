"""People in the console: admins make accounts, close them, and give roles and passwords."""

import itertools
import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from database.access import users
from database.access.users import User
from tests.console.browser import PASSWORD, Browser, open_browser
from tests.support.sessions import session_of
from tests.support.shop import Shop
from tests.support.system import System

LIST = "/console/users/"
NEW = "an entirely new password"

_numbers = itertools.count(1)


@pytest_asyncio.fixture
async def admin(system: System) -> AsyncIterator[Browser]:
    async with open_browser(system, is_staff=True) as browser:
        yield browser


async def stored(system: System, user_id: int) -> User:
    async with system.database.reading() as connection:
        user = await users.read_user(connection, user_id)
    assert user
    return user


async def make(admin: Browser, **fields: str) -> tuple[int, str]:
    """Returns the id and the email of a new account."""
    email = f"Person{next(_numbers)}@Console.example"
    page = await admin.post(f"{LIST}new/", **{"email": email, "password": PASSWORD, **fields})
    assert page.status_code == 200, page.text
    found = re.fullmatch(r"/console/users/(\d+)/", page.url.path)
    assert found
    return int(found[1]), email.lower()


async def signs_in(system: System, email: str, password: str) -> bool:
    async with Browser(system.http.base_url) as browser:
        answer = await browser.http.post("/console/sign-in/", data={"email": email, "password": password})
        return answer.url.path != "/console/sign-in/"


async def test_an_admin_makes_an_owner_who_signs_in(system: System, admin: Browser) -> None:
    """No page shows the password, also not the form that was refused."""
    user_id, email = await make(admin)
    assert await signs_in(system, email, PASSWORD)
    assert not (await stored(system, user_id)).is_staff
    listed = await admin.page(LIST, part=email)
    assert f"{LIST}{user_id}/" in listed
    assert "Owner of stores" in listed
    refused = await admin.post(f"{LIST}new/", email=email, password=PASSWORD)
    assert refused.status_code == 400
    assert "there is an account with it already" in refused.text
    for page in (refused.text, listed, await admin.page(f"{LIST}{user_id}/")):
        assert PASSWORD not in page
        assert "$argon2" not in page


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ({"email": "no address"}, "This is not an email address"),
        ({"email": "a@b,c"}, "This is not an email address"),
        ({"password": "کوتاه"}, "A password needs 12 to 1,024 characters."),
        ({"password": "x" * 1025}, "A password needs 12 to 1,024 characters."),
    ],
)
async def test_an_account_that_is_refused(wrong: dict[str, str], problem: str, admin: Browser) -> None:
    """The field is named in words."""
    page = await admin.post(f"{LIST}new/", **{"email": "x@example.com", "password": PASSWORD, **wrong})
    assert page.status_code == 400
    assert problem in page.text


async def test_people_are_for_admins(system: System, shop: Shop) -> None:
    """An owner gets a 403 for each page and form, also for their own account."""
    async with open_browser(system, shop.user_id) as owner:
        assert LIST not in await owner.page("/console/")
        for path in (LIST, f"{LIST}new/", f"{LIST}{shop.user_id}/"):
            assert (await owner.get(path)).status_code == 403
        for path in ("new/", *(f"{shop.user_id}/{what}/" for what in ("role", "active", "password"))):
            answer = await owner.post(f"{LIST}{path}", staff="1", active="1", password=NEW, email="x@y.z")
            assert answer.status_code == 403
    assert not (await stored(system, shop.user_id)).is_staff


async def test_a_closed_account_loses_all_of_its_sessions(system: System, shop: Shop, admin: Browser) -> None:
    """In the console and in the API, for good: they do not come back when it is open again."""
    async with open_browser(system, shop.user_id) as owner:
        headers = await session_of(system, shop.user_id)
        page = await admin.post(f"{LIST}{shop.user_id}/active/", active="0")
        assert "The account is closed" in page.text
        assert (await owner.get("/console/")).url.path == "/console/sign-in/"
        assert (await system.http.get("/api/v1/auth/me/", headers=headers)).status_code == 401
        email = (await stored(system, shop.user_id)).email
        assert not await signs_in(system, email, PASSWORD)
        assert "The account of the owner is closed" in await admin.page(f"/console/stores/{shop.store_id}/")
        await admin.post(f"{LIST}{shop.user_id}/active/", active="1")
        assert (await owner.get("/console/")).url.path == "/console/sign-in/"
        assert (await system.http.get("/api/v1/auth/me/", headers=headers)).status_code == 401
        assert await signs_in(system, email, PASSWORD)


async def test_an_admin_sets_the_password_of_a_person(system: System, shop: Shop, admin: Browser) -> None:
    """All of the person's sessions end; the previous password opens nothing."""
    async with open_browser(system, shop.user_id) as owner:
        email = (await stored(system, shop.user_id)).email
        short = await admin.post(f"{LIST}{shop.user_id}/password/", password="short")
        assert short.status_code == 400
        assert "A password needs 12" in short.text
        assert (await owner.get("/console/")).url.path == "/console/"
        page = await admin.post(f"{LIST}{shop.user_id}/password/", password=NEW)
        assert "The new password is set" in page.text
        assert NEW not in page.text
        assert (await owner.get("/console/")).url.path == "/console/sign-in/"
    assert not await signs_in(system, email, PASSWORD)
    assert await signs_in(system, email, NEW)


async def test_an_owner_becomes_an_admin_and_an_owner_again(
    system: System, shop: Shop, admin: Browser
) -> None:
    """From the next request on, in the same session."""
    async with open_browser(system, shop.user_id) as owner:
        await admin.post(f"{LIST}{shop.user_id}/role/", staff="1")
        assert (await owner.get(LIST)).status_code == 200
        await admin.post(f"{LIST}{shop.user_id}/role/", staff="0")
        assert (await owner.get(LIST)).status_code == 403


async def test_no_admin_changes_their_own_account_here(system: System, admin: Browser) -> None:
    """Neither role, nor password, nor closing: an admin would lock themselves out."""
    async with system.database.reading() as connection:
        found = await users.find_user(connection, "admin@example.com")
    assert found
    own = found.id
    assert "Another admin can change it" in await admin.page(f"{LIST}{own}/")
    for what, form in (("role", "staff"), ("active", "active"), ("password", "password")):
        assert (await admin.post(f"{LIST}{own}/{what}/", **{form: "0"})).status_code == 409
    assert (await stored(system, own)).is_staff


async def test_an_unknown_account_is_a_404(admin: Browser) -> None:
    """For pages and forms."""
    assert (await admin.get(f"{LIST}{10**15}/")).status_code == 404
    for what in ("role", "active", "password"):
        assert (await admin.post(f"{LIST}{10**15}/{what}/", password=NEW)).status_code == 404
