"""Around every request: an id, safe headers, and a line in the log that gives nothing away."""

import json
import logging
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import httpx2
import pytest
import pytest_asyncio

from api.routes import auth as accounts
from observability.logs import VERBOSE, JsonLines
from tests.conftest import Configure
from tests.support.sessions import session_of
from tests.support.system import Shop, System, serving

WEBHOOK = "/api/integrations/woocommerce/webhook/"
HEALTH = "/api/integrations/woocommerce/health/"
REFUSED = {
    "200": ("GET", "/healthz", b""),
    "401": ("GET", HEALTH, b""),
    "404": ("GET", "/no/such/thing", b""),
    "405": ("PUT", "/healthz", b""),
    "400": ("POST", "/api/v1/auth/token/", b"{"),
    "413": ("POST", "/api/v1/auth/token/", b"x" * 10_000),
}


class Written(logging.Handler):
    """Every line as it would be written."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []
        self.setFormatter(JsonLines())

    def emit(self, record: logging.LogRecord) -> None:
        if record.name in VERBOSE:  # the tests' own client
            return
        self.lines.append(self.format(record))

    def access(self) -> dict[str, object]:
        """The last line about a request."""
        found = [json.loads(line) for line in self.lines if '"pilito.access"' in line]
        told: dict[str, object] = found[-1]
        return told


@pytest.fixture
def written() -> Iterator[Written]:
    handler, root = Written(), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield handler
    root.removeHandler(handler)
    root.setLevel(level)


@pytest_asyncio.fixture
async def broken(
    system: System, configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[httpx2.AsyncClient]:
    """An API in which signing in has a defect."""

    def fail(_: bytes) -> tuple[str, str]:
        raise ValueError("secret-inside")

    monkeypatch.setattr(accounts, "_credentials", fail)
    async with serving(configure()) as http:
        http.event_hooks = {}  # a defect is in no document
        yield http


@pytest.mark.parametrize("status", REFUSED)
@pytest.mark.parametrize("given", ["a", "Ab.c_d-9", "x" * 128])
async def test_a_request_keeps_the_id_it_came_with(system: System, status: str, given: str) -> None:
    """Whatever it is answered."""
    method, path, body = REFUSED[status]
    answer = await system.http.request(method, path, content=body, headers={"X-Request-ID": given})
    assert (str(answer.status_code), answer.headers["x-request-id"]) == (status, given)


@pytest.mark.parametrize("given", [None, "", "x" * 129, "a b", "a\tb", "شناسه", "<script>", 'a"b', "a/b"])
async def test_a_request_without_a_proper_id_gets_one(system: System, given: str | None) -> None:
    """Each another."""
    headers = {} if given is None else {b"X-Request-ID": given.encode()}
    made = {(await system.http.get("/healthz", headers=headers)).headers["x-request-id"] for _ in range(2)}
    assert len(made) == 2
    assert all(re.fullmatch(r"[0-9a-f]{32}", each) for each in made)


async def test_a_defect_is_answered_and_logged_with_the_request_it_happened_in(
    broken: httpx2.AsyncClient, written: Written
) -> None:
    """500 with the id and the headers of any answer; the log has the traceback, the answer has not."""
    answer = await broken.post("/api/v1/auth/token/", content=b"{}", headers={"X-Request-ID": "defect-1"})
    assert (answer.status_code, answer.json()) == (500, {"error": "Internal error; it was logged."})
    assert answer.headers["x-request-id"] == "defect-1"
    assert answer.headers["x-content-type-options"] == "nosniff"
    errors = [json.loads(line) for line in written.lines if '"error"' in line]
    assert [(error["request_id"], "secret-inside" in error["exception"]) for error in errors] == [
        ("defect-1", True)
    ]
    assert written.access()["status"] == 500


async def test_the_log_tells_what_was_asked_by_whom(shop: Shop, written: Written) -> None:
    """One line: the route, never the address as it came; ids of who asked; sizes and times."""
    answer = await shop.http.get(HEALTH.rstrip("/"), headers={**shop.headers, "X-Request-ID": "told"})
    told = written.access()
    assert told.pop("time")
    assert float(str(told.pop("duration_ms"))) > 0
    assert told == {
        "level": "info",
        "logger": "pilito.access",
        "message": f"GET {HEALTH} 200",
        "request_id": "told",
        "method": "GET",
        "route": HEALTH,
        "status": 200,
        "bytes": len(answer.content),
        "client": "127.0.0.1",
        "user_id": shop.user_id,
        "store_id": shop.store_id,
        "token_id": shop.token_id,
    }


async def test_the_log_names_the_template_of_a_route(system: System, shop: Shop, written: Written) -> None:
    """However many products are asked for, there is one route; a user is known by a session too."""
    headers = await session_of(system, shop.user_id)
    await shop.http.get("/api/v1/web-knowledge/products/12345/", headers=headers)
    told = written.access()
    assert (told["route"], told["user_id"]) == ("/api/v1/web-knowledge/products/{product_id}/", shop.user_id)
    await shop.http.get("/no/such/thing")
    assert written.access()["route"] is None


async def test_the_client_is_the_one_behind_a_trusted_proxy(configure: Configure, written: Written) -> None:
    """And nobody else may say who they are."""
    forwarded = {"X-Forwarded-For": "198.51.100.7"}
    async with serving(configure()) as http:
        await http.get("/healthz", headers=forwarded)
        assert written.access()["client"] == "127.0.0.1"
    async with serving(configure(trusted_proxies="127.0.0.1")) as http:
        await http.get("/healthz", headers=forwarded)
        assert written.access()["client"] == "198.51.100.7"


async def test_no_line_holds_what_is_nobodys_business(shop: Shop, written: Written) -> None:
    """Neither queries, headers, bodies nor tokens."""
    quiet = {**shop.headers, "User-Agent": "agent-marker", "Cookie": "cookie-marker"}
    event = {"event_id": "e", "event_type": "product.updated", "product": {"id": 1, "name": "body-marker"}}
    await shop.http.post(f"{WEBHOOK}?token=query-marker", json=event, headers=quiet)
    await shop.http.post("/api/v1/auth/token/", json={"email": "a@b.c", "password": "password-marker"})
    await shop.http.get("/path-marker?x=query-marker", headers={"Authorization": "Bearer wrong-marker"})
    lines = "\n".join(written.lines)
    assert lines.count('"pilito.access"') == 3
    assert "marker" not in lines
    assert shop.secret not in lines


async def test_no_request_writes_lines_of_its_own(system: System, written: Written) -> None:
    """A method, a path or a header with line breaks in it stays inside its line."""
    await system.http.get("/healthz%0d%0a%7b%22level%22:1%7d")
    await system.http.request("GET", "/healthz", headers={"X-Forwarded-For": "1\t{}", "X-Request-ID": "a\t{"})
    await system.http.request("PROPFIND", "/healthz")
    access = [line for line in written.lines if '"pilito.access"' in line]
    assert [json.loads(line)["method"] for line in access] == ["GET", "GET", "other"]
    assert all(line.isprintable() for line in written.lines)


@pytest.mark.parametrize("status", REFUSED)
async def test_every_answer_keeps_browsers_out_of_trouble(system: System, status: str) -> None:
    """No sniffing, no frame, no referrer, nothing to run; nothing of the API is kept."""
    method, path, body = REFUSED[status]
    told = (await system.http.request(method, path, content=body)).headers
    assert told["x-content-type-options"] == "nosniff"
    assert told["x-frame-options"] == "DENY"
    assert told["referrer-policy"] == "no-referrer"
    assert told["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert told.get("cache-control") == ("no-store" if path.startswith("/api/") else None)


async def test_no_web_page_may_ask_by_default(system: System) -> None:
    """Unless a setting names its origin."""
    headers = {"Origin": "https://app.example", "Access-Control-Request-Method": "POST"}
    asked = await system.http.options(WEBHOOK, headers=headers)
    assert asked.status_code == 405
    assert not [name for name in asked.headers if name.startswith("access-control")]


async def test_a_named_origin_may_ask(shop: Shop, configure: Configure) -> None:
    """With a token of its own, never with cookies; others are not told anything."""
    origins = "https://app.example, http://127.0.0.1:5173"
    preflight = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    async with serving(configure(cors_origins=origins)) as http:
        for origin in ("https://app.example", "http://127.0.0.1:5173"):
            asked = await http.options(WEBHOOK, headers={**preflight, "Origin": origin})
            assert (asked.status_code, asked.headers["access-control-allow-origin"]) == (200, origin)
            assert "x-request-id" in asked.headers
            assert "access-control-allow-credentials" not in asked.headers
        other = {**preflight, "Origin": "https://app.example.evil"}
        assert "access-control-allow-origin" not in (await http.options(WEBHOOK, headers=other)).headers
        from_page = replace(shop, http=http)
        assert (await from_page.send({"id": 1})).status_code == 202


@pytest.mark.parametrize("origin", ["*", "app.example", "https://app.example/", "https://a b", "ftp://a"])
def test_an_origin_is_spelled_as_browsers_do(configure: Configure, origin: str) -> None:
    """All others would be ignored in silence, and `*` would let everybody in."""
    with pytest.raises(ValueError, match="cors_origins"):
        configure(cors_origins=origin)
