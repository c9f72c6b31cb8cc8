"""Forms of the console are taken from its own pages only, and hostile ones are refused with a reason."""

import hashlib
from typing import Any

import httpx2
import orjson
import pytest
from sqlalchemy import text

from tests.console.browser import Browser, visiting
from tests.console.pages import FORMS, PAGES, Form
from tests.console.scene import Scene
from tests.support.system import System

STATE = {
    "users": "id = :user",
    "stores": "user_id = :user",
    "integration_tokens": "user_id = :user",
    "events": "store_id = :store",
    "syncs": "store_id = :store",
    "console_sessions": "user_id = :user",
}
"""What a form could change, by table, with the condition of the rows of a scene."""

PASSING = {"console_sessions": ("seen_at",), "integration_tokens": ("last_used_at", "usage_count")}
"""What is written a few seconds after a request, by table."""

REFUSED: dict[str, dict[str, Any]] = {
    "no token": {"csrf": None},
    "an empty token": {"csrf": ""},
    "a token of another session": {"csrf": "other"},
    "a token that is no ASCII": {"csrf": "فارسی"},
    "sent from another site": {"Sec-Fetch-Site": "cross-site"},
    "sent from another host of the site": {"Sec-Fetch-Site": "same-site"},
    "sent with the origin of another site": {"Sec-Fetch-Site": None, "Origin": "https://evil.example"},
    "sent from a page without an origin": {"Sec-Fetch-Site": None, "Origin": "null"},
    "sent with an origin that is no address": {"Sec-Fetch-Site": None, "Origin": "http://["},
    "sent without saying from where": {"Sec-Fetch-Site": None},
}
"""How a forged form differs from a genuine one: its token, or its headers."""


async def state(system: System, made: Scene) -> dict[str, str]:
    """Returns a digest of the rows of a scene, by table."""
    found = {}
    async with system.database.reading() as connection:
        values = {"user": made.user_id, "store": made.places.store}
        for table, condition in STATE.items():
            rows = await connection.execute(
                text(f"SELECT to_jsonb(t) AS row FROM {table} t WHERE {condition} ORDER BY id"),
                {name: value for name, value in values.items() if f":{name}" in condition},
            )
            kept = [
                {k: v for k, v in row.items() if k not in PASSING.get(table, ())} for row in rows.scalars()
            ]
            found[table] = hashlib.sha256(orjson.dumps(kept, option=orjson.OPT_SORT_KEYS)).hexdigest()
    return found


def forged(browser: Browser, form: Form, made: Scene, how: dict[str, Any], other: str) -> httpx2.Request:
    """Returns the request of a form of the browser, changed as `how` says."""
    fields = {name: made.places.fill(value) for name, value in form.fields.items()}
    token = how.get("csrf", browser.csrf)
    if token is not None:
        fields["csrf"] = other if token == "other" else token
    request = browser.http.build_request("POST", made.places.fill(form.address), data=fields)
    for name, value in how.items():
        if name == "csrf":
            continue
        if value is None:
            request.headers.pop(name, None)
        else:
            request.headers[name] = value
    return request


@pytest.mark.parametrize("how", REFUSED.values(), ids=REFUSED)
@pytest.mark.parametrize("form", FORMS, ids=[form.name for form in FORMS])
async def test_a_forged_form_is_refused_without_effect(
    system: System, made: Scene, owning: Browser, stranger: Browser, form: Form, how: dict[str, Any]
) -> None:
    if form.name == "sign-in" and "csrf" in how:
        pytest.skip("a second tab may sign in after the first, with a token of no session or an old one")
    before = await state(system, made)
    answer = await owning.http.send(forged(owning, form, made, how, stranger.csrf), follow_redirects=False)
    assert answer.status_code == 403, answer.text
    assert "set-cookie" not in answer.headers
    assert await state(system, made) == before


@pytest.mark.parametrize("form", FORMS, ids=[form.name for form in FORMS])
async def test_a_form_of_nobody_that_another_site_sends_is_refused(
    system: System, made: Scene, form: Form
) -> None:
    """Another site cannot sign a browser in into an account of its own either."""
    async with Browser(system.http.base_url) as browser:
        how = {"Sec-Fetch-Site": "cross-site", "csrf": None}
        answer = await browser.http.send(forged(browser, form, made, how, ""), follow_redirects=False)
    if form.who == "anyone" or form.name == "sign-out":
        assert answer.status_code == 403
    else:
        assert answer.headers["location"] == "/console/sign-in/"
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("origin", ["own", "none"])
async def test_a_genuine_form_is_taken(system: System, origin: str) -> None:
    """Also from a browser that sends its origin only, and from one that a person opened it in."""
    async with await visiting(system) as browser:
        if origin == "own":
            del browser.http.headers["Sec-Fetch-Site"]
            browser.http.headers["Origin"] = str(browser.http.base_url).rstrip("/")
        else:
            browser.http.headers["Sec-Fetch-Site"] = "none"
        answer = await browser.http.post(
            "/console/look/", data={"csrf": browser.csrf, "theme": "dark"}, follow_redirects=False
        )
    assert answer.status_code == 303
    assert browser.http.cookies["pilito_theme"] == "dark"


HOSTILE = (
    "\0",
    "a\0b",
    "-1",
    "abc",
    "1e5",
    "٣",
    "9" * 30,
    "' OR 1=1 --",
    "<script>alert(1)</script>",
    "ف" * 3_000,
)
SHARE = 3
"""One in so many pages is tried with each value and name: the limit of requests per person is on."""

NAMES = ("store", "status", "event_type", "external_id", "since", "until", "cursor", "started", "of", "over")


@pytest.mark.parametrize("value", HOSTILE, ids=range(len(HOSTILE)))
async def test_any_filter_is_a_page_or_a_clear_refusal(owning: Browser, made: Scene, value: str) -> None:
    turn = HOSTILE.index(value)
    for number, name in enumerate((*NAMES, "done", "next", "search", "q", "external_id")):
        for page in PAGES[(turn + number) % SHARE :: SHARE]:
            path = made.places.fill(page.address).partition("?")[0]
            answer = await owning.get(path, **{name: value})
            expected = (403,) if page.who == "staff" else (200, 400, 404)
            assert answer.status_code in expected, (page.name, name, value)
            assert "<script>alert(1)" not in answer.text
            assert answer.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize("value", HOSTILE, ids=range(len(HOSTILE)))
async def test_any_field_of_a_retry_is_a_page_or_a_clear_refusal(
    owning: Browser, made: Scene, value: str
) -> None:
    """The filters find nothing, so nothing starts."""
    for name in NAMES:
        fields = {"store": str(made.places.store), "external_id": "woo_none", name: value}
        if name == "external_id" or name == "store":
            fields["until"] = "2000-01-01T00:00"
        answer = await owning.post("/console/events/retry/", **fields)
        assert answer.status_code in (200, 400, 404), (name, value)


async def test_a_wrong_filter_is_named(owning: Browser) -> None:
    answer = await owning.get("/console/events/", status="broken")
    assert answer.status_code == 400
    assert "status" in answer.text.partition("<details>")[2]


BODIES = {
    "not UTF-8": (b"\xff\xfe", "application/x-www-form-urlencoded"),
    "many fields": (b"a=b&" * 3_000, "application/x-www-form-urlencoded"),
    "broken multipart": (b"a", "multipart/form-data; boundary=x"),
    "no boundary": (b"a", "multipart/form-data"),
    "no form": (b"csrf=1", "text/plain"),
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
async def test_a_body_that_is_no_form_is_refused(owning: Browser, body: tuple[bytes, str]) -> None:
    content, kind = body
    answer = await owning.http.post("/console/look/", content=content, headers={"Content-Type": kind})
    assert answer.status_code in (400, 403, 415)
    assert "set-cookie" not in answer.headers
