"""Pages when something is wrong: links of other sites, unknown addresses, and a database that is gone."""

import re
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from api.console import routing
from database.access import provision
from tests.console.browser import PASSWORD, SIGN_IN, Browser
from tests.console.pages import PAGES
from tests.console.scene import Scene
from tests.support.environment import Configure
from tests.support.network.cable import Cable
from tests.support.system import System, serving

RETRY = "/console/events/retry/"
PART = {"HX-Request": "true"}


async def test_a_link_retries_nothing_by_itself(owning: Browser, made: Scene) -> None:
    for more in ("", "&started=1&of=3&over=1", "&cursor="):
        page = await owning.page(f"{RETRY}?store={made.places.store}{more}")
        assert "hx-trigger" not in page
        assert "Retry 3 events" in page


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
@pytest.mark.parametrize(
    "path", ["/console/nothing/", "/console/look/", "/console/events/x/", "/console/a/b", "/console/static/x"]
)
async def test_an_unknown_address_is_a_page_too(owning: Browser, method: str, path: str) -> None:
    answer = await owning.http.request(method, path, data=None if method == "GET" else {"csrf": owning.csrf})
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.status_code == (200 if (method, path) == ("POST", "/console/look/") else 404)


FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("content", "kind", "status", "title"),
    [
        (b"a", "multipart/form-data; boundary=x", 400, "خوانده نمی‌شود"),
        (b"a", "multipart/form-data", 400, "خوانده نمی‌شود"),
        (b"a=%ff%fe", FORM, 400, "خوانده نمی‌شود"),
        (b"\xff\xfe", FORM, 400, "خوانده نمی‌شود"),
        (b"a%00=b", FORM, 400, "خوانده نمی‌شود"),
        (b"a=b&" * 2_000, FORM, 400, "خوانده نمی‌شود"),
        (b"{}", "application/json", 415, "خوانده نمی‌شود"),
        (b"a=" + b"b" * 40_000, FORM, 413, "بیش از اندازه بلند"),
    ],
    ids=["multipart", "boundary", "escapes", "UTF-8", "null", "fields", "JSON", "long"],
)
async def test_a_body_that_cannot_be_read_is_a_page_too(
    owning: Browser, content: bytes, kind: str, status: int, title: str
) -> None:
    """In the language of the person, with what to do."""
    session = f"pilito={owning.http.cookies['pilito']}; pilito_language=fa"
    answer = await owning.http.post(
        "/console/look/", content=content, headers={"Content-Type": kind, "Cookie": session}
    )
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/html")
    assert title in answer.text


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
async def test_every_page_answers_to_head(owning: Browser, made: Scene, page: object) -> None:
    address = made.places.fill(getattr(page, "address"))  # noqa: B009
    asked = [await owning.http.request(method, address, follow_redirects=False) for method in ("GET", "HEAD")]
    assert asked[0].status_code == asked[1].status_code
    assert not asked[1].content


async def test_files_answer_to_head(owning: Browser) -> None:
    path = re.search(r'src="(/console/static/[^"]+)"', await owning.page("/console/"))
    assert path
    assert (await owning.http.head(path[1])).status_code == 200


async def test_a_page_after_a_form_is_shown_again_by_its_list(owning: Browser, made: Scene) -> None:
    for path, back in (
        (made.places.fill("/console/events/{event}x/retry/"), "/console/events/"),
        ("/console/account/nothing/", "/console/account/"),
        ("/console/nothing/", "/console/"),
    ):
        answer = await owning.post(path)
        assert f'name="back" value="{back}"' in answer.text


async def test_a_problem_takes_the_place_of_the_page(owning: Browser) -> None:
    """The part that htmx asked for is not in it."""
    answer = await owning.http.get("/console/stores/999999/syncs/1/", headers=PART)
    assert answer.status_code == 404
    assert 'id="main"' in answer.text
    assert {name: answer.headers[name] for name in routing.WHOLE} == routing.WHOLE
    assert "HX-Retarget" not in (await owning.get("/console/stores/999999/syncs/1/")).headers


async def test_a_part_of_a_page_whose_session_ended_leads_to_sign_in_and_back(
    system: System, made: Scene
) -> None:
    """Also a form: its script would look for the part in the page of the sign-in, and show nothing."""
    here = made.places.fill("/console/stores/{store}/")
    headers = {"HX-Request": "true", "HX-Current-URL": f"http://x{here}?a=1", "Sec-Fetch-Site": "same-origin"}
    async with Browser(system.http.base_url, language="fa") as browser:
        browser.http.cookies.set("pilito", "ended")
        for method in ("GET", "POST"):
            answer = await browser.http.request(method, RETRY, headers=headers, follow_redirects=False)
            assert answer.status_code == 204
            target = answer.headers["hx-redirect"]
            assert parse_qs(urlsplit(target).query) == {"next": [f"{here}?a=1"], "ended": ["1"]}
        assert "نشست شما پایان یافته است." in await browser.page(target)


async def test_a_second_tab_may_sign_in_after_the_first(system: System) -> None:
    """Its form has no token of the session, which ends where the next begins."""
    email = "two-tabs@example.com"
    await provision.save_user(system.database, email=email, password=PASSWORD)
    async with Browser(system.http.base_url) as browser:
        await browser.sign_in(email)
        first = browser.http.cookies["pilito"]
        form = {"email": email, "password": PASSWORD}
        answer = await browser.http.post(SIGN_IN, data=form, follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (303, "/console/")
        assert browser.http.cookies["pilito"] != first
        old = {"Cookie": f"pilito={first}"}
        answer = await system.http.get("/console/", headers=old, follow_redirects=False)
        assert answer.status_code == 303
        forged = await browser.http.post(SIGN_IN, data=form, headers={"Sec-Fetch-Site": "cross-site"})
        assert forged.status_code == 403


async def _down(http: httpx2.AsyncClient, secret: str) -> None:
    for language, title in (("fa", "پاسخ نمی"), ("en", "does not answer")):
        headers = {"Cookie": f"pilito={secret}; pilito_language={language}; pilito_theme=dark"}
        answer = await http.get("/console/events/", headers=headers)
        assert answer.status_code == 503
        assert answer.headers["content-type"].startswith("text/html")
        assert f'lang="{language}"' in answer.text
        assert 'data-theme="dark"' in answer.text
        assert title in answer.text
        kept = await http.get("/console/events/", headers={**headers, **PART})
        assert kept.status_code == 503
        assert {name: kept.headers[name] for name in routing.ABOVE} == routing.ABOVE
        assert title in kept.text
        assert "<main" not in kept.text


async def test_without_postgres_a_page_says_so_in_the_language_of_the_person(
    configure: Configure, owning: Browser
) -> None:
    settings = configure()
    url = httpx2.URL(str(settings.database_url))
    secret = owning.http.cookies["pilito"]
    async with Cable(url.host, url.port or 5432) as cable:
        through = str(url.copy_with(host="127.0.0.1", port=cable.port))
        async with serving(configure(database_url=through)) as http:
            await cable.cut()
            await _down(http, secret)


async def test_a_page_that_takes_too_long_ends(
    configure: Configure, system: System, owning: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routing, "PATIENCE", 0.0)
    await _down(system.http, owning.http.cookies["pilito"])
