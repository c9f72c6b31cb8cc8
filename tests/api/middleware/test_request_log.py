"""Every response has a request id and security headers, and every request one log line without secrets."""

import json
import logging
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import httpx2
import pytest
import pytest_asyncio

from api.security import sign_in
from observability.logs import VERBOSE, JsonLines
from tests.support.environment import Configure
from tests.support.sessions import session_of
from tests.support.shop import Shop
from tests.support.system import System, serving

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
    """Collects the log lines as they are written."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []
        self.setFormatter(JsonLines())

    def emit(self, record: logging.LogRecord) -> None:
        if record.name in VERBOSE:  # the tests' own client
            return
        self.lines.append(self.format(record))

    def access(self) -> dict[str, object]:
        """Returns the last line of the access log."""
        found = [json.loads(line) for line in self.lines if '"pilito.access"' in line]
        logged: dict[str, object] = found[-1]
        return logged


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
    """An API with a defect in sign-in."""

    def fail(*_: object) -> str:
        raise ValueError("secret-inside")

    monkeypatch.setattr(sign_in, "client_address", fail)
    async with serving(configure()) as http:
        http.event_hooks = {}  # the OpenAPI document does not describe defects
        yield http


@pytest.mark.parametrize("status", REFUSED)
@pytest.mark.parametrize("given", ["a", "Ab.c_d-9", "x" * 128])
async def test_a_request_keeps_the_id_it_came_with(system: System, status: str, given: str) -> None:
    """With every status."""
    method, path, body = REFUSED[status]
    answer = await system.http.request(method, path, content=body, headers={"X-Request-ID": given})
    assert (str(answer.status_code), answer.headers["x-request-id"]) == (status, given)


@pytest.mark.parametrize("given", [None, "", "x" * 129, "a b", "a\tb", "شناسه", "<script>", 'a"b', "a/b"])
async def test_a_request_without_a_proper_id_gets_one(system: System, given: str | None) -> None:
    """A new one for each request."""
    headers = {} if given is None else {b"X-Request-ID": given.encode()}
    made = {(await system.http.get("/healthz", headers=headers)).headers["x-request-id"] for _ in range(2)}
    assert len(made) == 2
    assert all(re.fullmatch(r"[0-9a-f]{32}", each) for each in made)


async def test_a_defect_is_answered_and_logged_with_its_request_id(
    broken: httpx2.AsyncClient, written: Written
) -> None:
    """A 500 with request id and security headers; only the log contains the traceback."""
    body = {"email": "a@example.com", "password": "p"}
    answer = await broken.post("/api/v1/auth/token/", json=body, headers={"X-Request-ID": "defect-1"})
    assert (answer.status_code, answer.json()) == (500, {"error": "Internal error; it was logged."})
    assert answer.headers["x-request-id"] == "defect-1"
    assert answer.headers["x-content-type-options"] == "nosniff"
    errors = [json.loads(line) for line in written.lines if '"error"' in line]
    assert [(error["request_id"], "secret-inside" in error["exception"]) for error in errors] == [
        ("defect-1", True)
    ]
    assert written.access()["status"] == 500


async def test_the_access_log_names_route_user_store_and_token(shop: Shop, written: Written) -> None:
    """One line with the path template instead of the path, ids, size and duration."""
    answer = await shop.http.get(HEALTH.rstrip("/"), headers={**shop.headers, "X-Request-ID": "content"})
    logged = written.access()
    assert logged.pop("time")
    assert float(str(logged.pop("duration_ms"))) > 0
    assert logged == {
        "level": "info",
        "logger": "pilito.access",
        "message": f"GET {HEALTH} 200",
        "request_id": "content",
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
    """Requests for many products have one route; the user of a session is logged too."""
    headers = await session_of(system, shop.user_id)
    await shop.http.get("/api/v1/web-knowledge/products/12345/", headers=headers)
    logged = written.access()
    assert (logged["route"], logged["user_id"]) == (
        "/api/v1/web-knowledge/products/{product_id}/",
        shop.user_id,
    )
    await shop.http.get("/no/such/thing")
    assert written.access()["route"] is None


async def test_the_client_is_the_one_behind_a_trusted_proxy(configure: Configure, written: Written) -> None:
    """Other clients cannot choose their address."""
    forwarded = {"X-Forwarded-For": "198.51.100.7"}
    async with serving(configure()) as http:
        await http.get("/healthz", headers=forwarded)
        assert written.access()["client"] == "127.0.0.1"
    async with serving(configure(trusted_proxies="127.0.0.1")) as http:
        await http.get("/healthz", headers=forwarded)
        assert written.access()["client"] == "198.51.100.7"


async def test_log_lines_contain_no_private_data(shop: Shop, written: Written) -> None:
    """No queries, headers, bodies or tokens."""
    quiet = {**shop.headers, "User-Agent": "agent-marker", "Cookie": "cookie-marker"}
    event = {"event_id": "e", "event_type": "product.updated", "product": {"id": 1, "name": "body-marker"}}
    await shop.http.post(f"{WEBHOOK}?token=query-marker", json=event, headers=quiet)
    await shop.http.post("/api/v1/auth/token/", json={"email": "a@b.c", "password": "password-marker"})
    await shop.http.get("/path-marker?x=query-marker", headers={"Authorization": "Bearer wrong-marker"})
    lines = "\n".join(written.lines)
    assert lines.count('"pilito.access"') == 3
    assert "marker" not in lines
    assert shop.secret not in lines


async def test_requests_cannot_add_log_lines(system: System, written: Written) -> None:
    """A method, a path or a header with line breaks stays inside its line."""
    await system.http.get("/healthz%0d%0a%7b%22level%22:1%7d")
    await system.http.request("GET", "/healthz", headers={"X-Forwarded-For": "1\t{}", "X-Request-ID": "a\t{"})
    await system.http.request("PROPFIND", "/healthz")
    access = [line for line in written.lines if '"pilito.access"' in line]
    assert [json.loads(line)["method"] for line in access] == ["GET", "GET", "other"]
    assert all(line.isprintable() for line in written.lines)


@pytest.mark.parametrize("status", REFUSED)
async def test_every_response_has_security_headers(system: System, status: str) -> None:
    """No sniffing, frames, referrers or scripts; responses of the API are not cached."""
    method, path, body = REFUSED[status]
    logged = (await system.http.request(method, path, content=body)).headers
    assert logged["x-content-type-options"] == "nosniff"
    assert logged["x-frame-options"] == "DENY"
    assert logged["referrer-policy"] == "no-referrer"
    assert logged["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert logged.get("cache-control") == ("no-store" if path.startswith("/api/") else None)


async def test_cors_is_off_by_default(system: System) -> None:
    """A setting allows single origins."""
    headers = {"Origin": "https://app.example", "Access-Control-Request-Method": "POST"}
    asked = await system.http.options(WEBHOOK, headers=headers)
    assert asked.status_code == 405
    assert not [name for name in asked.headers if name.startswith("access-control")]


async def test_an_allowed_origin_may_send_requests(shop: Shop, configure: Configure) -> None:
    """With a token, without cookies; other origins get no CORS headers."""
    origins = "https://app.example, http://127.0.0.1:5173"
    preflight = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    async with serving(configure(cors_origins=origins)) as http:
        for origin in ("https://app.example", "http://127.0.0.1:5173"):
            asked = await http.options(WEBHOOK, headers={**preflight, "Origin": origin})
            assert (asked.status_code, asked.headers["access-control-allow-origin"]) == (200, origin)
            assert "x-request-id" in asked.headers
            assert "access-control-allow-credentials" not in asked.headers
        for method in ("GET", "PUT", "PATCH", "DELETE"):
            asked_for = {
                **preflight,
                "Origin": "https://app.example",
                "Access-Control-Request-Method": method,
            }
            assert (await http.options(WEBHOOK, headers=asked_for)).status_code == 200, method
        other = {**preflight, "Origin": "https://app.example.evil"}
        assert "access-control-allow-origin" not in (await http.options(WEBHOOK, headers=other)).headers
        from_page = replace(shop, http=http)
        assert (await from_page.send({"id": 1})).status_code == 202


@pytest.mark.parametrize("origin", ["*", "app.example", "https://app.example/", "https://a b", "ftp://a"])
def test_an_origin_is_spelled_as_browsers_do(configure: Configure, origin: str) -> None:
    """Browsers would ignore other spellings, and `*` would allow all origins."""
    with pytest.raises(ValueError, match="cors_origins"):
        configure(cors_origins=origin)
