"""Every page: who may see it, what its headers are, and that pages and JSON routes have separate keys."""

import re

import httpx2
import pytest

from api.console.rendering import POLICY
from database.events import log as event_log
from tests.console.browser import SIGN_IN, Browser
from tests.console.pages import FORMS, PAGES, Form, Page, routes
from tests.console.scene import Scene
from tests.support.openapi.contract import CONTRACT
from tests.support.sessions import session_of
from tests.support.system import System

DIRECTIVES = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
OPENED_BY_USERS = [route for route in CONTRACT if route.who not in ("anyone", "signed", "public or token")]
SIGNED_IN = [page for page in PAGES if page.who != "anyone"]


def names(pages: tuple[Page, ...] | list[Page]) -> list[str]:
    return [page.name for page in pages]


async def at(browser: Browser, page: Page, made: Scene) -> httpx2.Response:
    """Returns the answer of a page, without following it."""
    return await browser.http.get(made.places.fill(page.address), follow_redirects=False)


def test_every_page_and_form_is_in_the_table() -> None:
    listed = {("GET", page.path) for page in PAGES} | {("POST", form.path) for form in FORMS}
    assert {route for route in routes() if route[0] != "HEAD"} == listed


@pytest.mark.parametrize("page", SIGNED_IN, ids=names(SIGNED_IN))
async def test_who_is_not_signed_in_is_sent_to_sign_in(system: System, made: Scene, page: Page) -> None:
    async with Browser(system.http.base_url) as browser:
        answer = await at(browser, page, made)
        assert answer.status_code == 303
        assert answer.headers["location"].startswith(SIGN_IN)
        assert answer.headers["cache-control"] == "no-store"
        partly = await browser.http.get(
            made.places.fill(page.address), headers={"HX-Request": "true"}, follow_redirects=False
        )
        assert partly.headers["hx-redirect"].startswith(SIGN_IN)


@pytest.mark.parametrize("page", PAGES, ids=names(PAGES))
async def test_an_owner_sees_their_own_and_no_page_of_admins(
    owning: Browser, made: Scene, page: Page
) -> None:
    answer = await at(owning, page, made)
    expected = {"staff": 403, "anyone": 303}.get(page.who, 200)
    assert answer.status_code == expected


@pytest.mark.parametrize("page", PAGES, ids=names(PAGES))
async def test_for_the_owner_of_another_store_it_does_not_exist(
    stranger: Browser, made: Scene, page: Page
) -> None:
    answer = await at(stranger, page, made)
    expected = {"staff": 403, "anyone": 303, "user": 200}.get(page.who, 404)
    assert answer.status_code == expected
    assert f"scene-failed-{made.places.event}" not in answer.text


@pytest.mark.parametrize("form", FORMS, ids=names(list(FORMS)))
async def test_nor_do_its_forms(stranger: Browser, made: Scene, form: Form) -> None:
    if form.who not in ("owner", "staff"):
        pytest.skip("the form is about the person who sends it")
    fields = {name: made.places.fill(value) for name, value in form.fields.items()}
    answer = await stranger.http.post(
        made.places.fill(form.address), data={"csrf": stranger.csrf, **fields}, follow_redirects=False
    )
    assert answer.status_code == (403 if form.who == "staff" else 404)


PAGE_OF_SYNC = "/console/stores/{store}/syncs/{sync}/"
WITHOUT_STORE = re.compile(r"store=\{store\}&?")


@pytest.mark.parametrize("page", PAGES, ids=names(PAGES))
async def test_for_a_person_without_a_store_nothing_of_others_exists(
    storeless: Browser, made: Scene, page: Page
) -> None:
    answer = await at(storeless, page, made)
    expected = {"staff": 403, "anyone": 303, "user": 200}.get(page.who, 404)
    assert answer.status_code == expected
    open_address = made.places.fill(WITHOUT_STORE.sub("", page.address))
    answer = await storeless.http.get(open_address, follow_redirects=False)
    assert answer.status_code in (200, 303, 403, 404)
    for other in ("چراغ مطالعه", "cannot be reached", "Retry"):
        assert other not in answer.text


@pytest.mark.parametrize("form", FORMS, ids=names(list(FORMS)))
@pytest.mark.parametrize("named", ["named", "unnamed"])
async def test_nor_do_forms_for_a_person_without_a_store(
    system: System, storeless: Browser, made: Scene, form: Form, named: str
) -> None:
    """Also where the form names no store: that means all of them to an admin only."""
    if form.who not in ("owner", "staff"):
        pytest.skip("the form is about the person who sends it")
    fields = {name: made.places.fill(value) for name, value in form.fields.items()}
    if named == "unnamed":
        fields.pop("store", None)
    answer = await storeless.http.post(
        made.places.fill(form.address), data={"csrf": storeless.csrf, **fields}, follow_redirects=False
    )
    assert answer.status_code in ((403,) if form.who == "staff" else (400, 404))
    async with system.database.reading() as connection:
        row = await event_log.read_event(connection, made.places.event)
    assert row
    assert row["status"] == "failed"


@pytest.mark.parametrize("page", PAGES, ids=names(PAGES))
async def test_an_owner_who_names_no_store_sees_their_own(stranger: Browser, made: Scene, page: Page) -> None:
    if "store={store}" not in page.address:
        pytest.skip("the address has no store")
    answer = await stranger.get(made.places.fill(WITHOUT_STORE.sub("", page.address)))
    assert answer.status_code in (200, 404)
    assert f"/console/events/{made.places.event}/" not in answer.text
    assert f"?store={made.places.store}" not in answer.text


@pytest.mark.parametrize("page", PAGES, ids=names(PAGES))
async def test_an_admin_sees_every_page(admin_browser: Browser, made: Scene, page: Page) -> None:
    answer = await at(admin_browser, page, made)
    assert answer.status_code == (303 if page.who == "anyone" else 200)


@pytest.mark.parametrize("store", [0, -1, 2**40, 2**63])
async def test_a_store_that_does_not_exist_is_like_one_of_another(owning: Browser, store: int) -> None:
    answer = await owning.get("/console/events/", store=store)
    assert answer.status_code in (400, 404)


@pytest.mark.parametrize("page", PAGES, ids=names(PAGES))
async def test_every_page_has_the_strict_policy(
    system: System, owning: Browser, made: Scene, page: Page
) -> None:
    async with Browser(system.http.base_url) as nobody:
        browser = nobody if page.who == "anyone" else owning
        answer = await at(browser, page, made)
    _check_headers(answer)


@pytest.mark.parametrize("address", ["/console/events/9999999999/", "/console/?store=9999999999"])
async def test_a_page_about_a_problem_has_it_too(owning: Browser, address: str) -> None:
    answer = await owning.get(address)
    assert answer.status_code == 404
    _check_headers(answer)


def _check_headers(answer: httpx2.Response) -> None:
    policy = answer.headers["content-security-policy"]
    assert policy == POLICY
    stated = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert {name: stated[name] for name in DIRECTIVES} == DIRECTIVES
    assert "unsafe" not in policy
    assert answer.headers["cache-control"] == "no-store"
    assert "Cookie" in answer.headers["vary"]
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("route", OPENED_BY_USERS, ids=map(str, OPENED_BY_USERS))
async def test_the_cookie_opens_no_json_route(admin_browser: Browser, made: Scene, route: object) -> None:
    """Not even of an admin: another site could make a browser send it."""
    assert hasattr(route, "at")
    method, path = str(route).split(" ", 1)
    answer = await admin_browser.http.request(
        method, route.at(made.places.store), json=None if method == "GET" else {}
    )
    assert answer.status_code == 401, path


@pytest.mark.parametrize("page", SIGNED_IN, ids=names(SIGNED_IN))
async def test_a_session_of_the_api_opens_no_page(system: System, made: Scene, page: Page) -> None:
    headers = await session_of(system, made.user_id)
    async with Browser(system.http.base_url) as browser:
        answer = await browser.http.get(
            made.places.fill(page.address), headers=headers, follow_redirects=False
        )
        assert answer.headers["location"].startswith(SIGN_IN)
        secret = headers["Authorization"].removeprefix("Bearer ")
        answer = await browser.http.get(
            made.places.fill(page.address), headers={"Cookie": f"pilito={secret}"}, follow_redirects=False
        )
        assert answer.headers["location"].startswith(SIGN_IN)


async def test_only_admins_get_links_into_temporal(
    owning: Browser, admin_browser: Browser, made: Scene
) -> None:
    for address in ("/console/events/{event}/", "/console/products/{row}/", PAGE_OF_SYNC):
        path = made.places.fill(address)
        assert "/namespaces/" not in await owning.page(path)
        assert "/namespaces/" in await admin_browser.page(path)


async def test_a_browser_is_sent_to_the_console(system: System) -> None:
    answer = await system.http.get("/", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/")
