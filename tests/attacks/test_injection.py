"""The contents of a request are data: no SQL, no headers, no other ids."""

import asyncio
from typing import Any
from urllib.parse import quote

import pytest
import pytest_asyncio

from tests.support.network.wire import wired
from tests.support.openapi.contract import CONTRACT, Route
from tests.support.openapi.document import DOCUMENT
from tests.support.sessions import session_of
from tests.support.shop import Shop
from tests.support.system import System

HOSTILE = [
    "' OR '1'='1",
    "'; DROP TABLE products; --",
    '") UNION SELECT email, password_hash FROM users --',
    "1); SELECT pg_sleep(30) --",
    "%' ESCAPE '\\",
    "\\",
    "%(user_id)s :user_id $1 {0} %s",
    "a\r\nSet-Cookie: x=1",
    "\u202e\u0000\ufeff",
    "\U0001f600" * 50,
    "ی" * 10_000,
    "{{7*7}}${7*7}",
    "../../etc/passwd",
]
TEXTS = [
    (path, parameter["name"])
    for path, methods in DOCUMENT["paths"].items()
    for parameter in methods.get("get", {}).get("parameters", ())
    if parameter["in"] == "query"
]


@pytest_asyncio.fixture
async def shop(system: System) -> Shop:
    """A shop of an admin, with a product that no request asks for."""
    shop = await system.shop()
    async with system.database.transaction() as connection:
        await connection.exec_driver_sql("UPDATE users SET is_staff = true WHERE id = %s", (shop.user_id,))
    await shop.sync({"id": 1, "name": "لامپ"})
    return shop


@pytest_asyncio.fixture
async def admin(system: System, shop: Shop) -> dict[str, str]:
    return await session_of(system, shop.user_id)


@pytest.mark.parametrize(("path", "name"), TEXTS, ids=str)
async def test_every_filter_treats_text_as_text(
    shop: Shop, admin: dict[str, str], path: str, name: str
) -> None:
    """The filter finds nothing, or the text is refused with the name of the field."""
    needed = {"store": shop.store_id} if "explain" in path else {}
    path = path.format(store_id=shop.store_id, sync_id=1, token_id=1, row_id=1, product_id=1)
    for words in HOSTILE:
        answer = await shop.http.get(path, params={**needed, name: words}, headers=admin)
        if answer.status_code == 200:
            found = answer.json()
            assert found.get("results", []) == []
            assert found.get("product") is None
        else:
            assert (answer.status_code, answer.json()["field"]) == (400, name)
    assert await shop.product(1)


@pytest.mark.parametrize("field", ["query", "category"])
async def test_a_question_is_text(shop: Shop, field: str) -> None:
    """The same in search."""
    for words in HOSTILE:
        answer = await shop.http.post(
            "/api/v1/knowledge/search/", json={"query": "لامپ", field: words}, headers=shop.headers
        )
        assert answer.status_code in (200, 400), answer.text


@pytest.mark.parametrize("words", HOSTILE, ids=ascii)
async def test_a_product_is_stored_as_it_was_sent(shop: Shop, words: str) -> None:
    """Its texts and the ids of its event are unchanged; an invalid id is refused with its name."""
    answer = await shop.send({"id": 2, "name": words, "sku": words, "tags": [words]}, event_id=words)
    if not words.isprintable() or len(words) > 255:
        assert (answer.status_code, answer.json()["field"]) == (400, "event_id")
        return
    assert answer.status_code == 202
    assert (await shop.ended(words))["status"] in ("succeeded", "unchanged")
    row = await shop.product(2)
    assert row
    assert row["title"].startswith(words[:1])


NOT_IDS = ["0", "-1", "+1", "1.0", "1e3", "0x1", "\u06f1", "1%00", "%00", "1%2F..", "' OR 1=1", "null", "1;"]
NOT_IDS += ["%", "%E2%82", "9" * 19, "9" * 5000]


@pytest.mark.parametrize("route", [route for route in CONTRACT if "{id}" in route.path], ids=str)
async def test_an_invalid_id_finds_nothing(shop: Shop, admin: dict[str, str], route: Route) -> None:
    """A 400 or 404, in every kind of digits."""
    headers = shop.headers if route.who == "token" else admin
    for odd in NOT_IDS:
        spelled = odd if "%" in odd else quote(odd)
        answer = await shop.http.request(
            route.method, route.path.replace("{id}", spelled), headers=headers, follow_redirects=False
        )
        assert answer.status_code in (400, 404), (odd, answer.text)


@pytest.mark.parametrize(
    "line",
    [
        "GET /api/v1/web-knowledge/products/?search=%FF%FE HTTP/1.1",
        "GET /api/v1/web-knowledge/products/?search=%00 HTTP/1.1",
        "GET /api/v1/web-knowledge/products/?%FF=1 HTTP/1.1",
        "GET /api/v1/web-knowledge/products/?page=1&page=2&&=&=1 HTTP/1.1",
        "GET /api/v1/web-knowledge/products/%FF%00/ HTTP/1.1",
        "GET /\xff\xfe HTTP/1.1",
        "GET //api/v1/web-knowledge/products/ HTTP/1.1",
        "GET http://elsewhere.example/api/v1/web-knowledge/products/ HTTP/1.1",
        "GET * HTTP/1.1",
        "GET ? HTTP/1.1",
        "OPTIONS * HTTP/1.1",
        "TRACE /api/v1/web-knowledge/products/ HTTP/1.1",
        "PROPFIND /api/v1/web-knowledge/products/ HTTP/1.1",
        "GET /api/v1/web-knowledge/products/ HTTP/3.7",
        "nonsense",
    ],
)
@pytest.mark.parametrize("host", ["pilito", "", "[", "a b", "x:99999999", "evil.example\tx", "\xff"])
async def test_an_odd_head_is_no_server_error(
    system: System, shop: Shop, admin: dict[str, str], line: str, host: str
) -> None:
    """Any first line or host gets no 5xx and adds no header to the response."""
    async with wired(system) as wire:
        token = f"Authorization: {admin['Authorization']}"
        await wire.send(line, f"Host: {host}", token, "Connection: close")
        answer = await wire.answered()
    assert answer.startswith((b"HTTP/1.1 2", b"HTTP/1.1 4")), answer
    assert b"set-cookie" not in answer.lower()


async def test_a_user_agent_is_stored_as_text(shop: Shop) -> None:
    """It is cut to its maximum length and shown unchanged."""
    name = "' -- <script>alert(1)</script> \u00e9" + "x" * 1000
    headers = [
        (b"user-agent", name.encode("latin-1")),
        (b"authorization", shop.headers["Authorization"].encode()),
        (b"content-type", b"application/json"),
    ]
    body = b'{"event_id": "agent", "event_type": "product.deleted", "product": {"id": 9}}'
    answer = await shop.http.post("/api/integrations/woocommerce/webhook/", content=body, headers=headers)
    assert answer.status_code == 202
    assert (await shop.ended("agent"))["user_agent"] == name[:500]


async def test_a_replayed_event_is_accepted_once(shop: Shop) -> None:
    """Of concurrent and later repetitions one is accepted and the others are skipped, with any body."""
    answers = await asyncio.gather(
        *(shop.send({"id": 5, "name": f"نام {n}"}, event_id="replayed") for n in range(20))
    )
    content: list[dict[str, Any]] = [answer.json() for answer in answers]
    assert sorted(each["status"] for each in content) == ["accepted"] + ["skipped"] * 19
    await shop.ended("replayed")
    again = await shop.send({"id": 5, "name": "نامی دیگر"}, event_id="replayed")
    assert (again.status_code, again.json()["status"]) == (200, "skipped")
    assert (
        len(await shop.rows("SELECT id FROM events WHERE store_id = :store AND event_id = 'replayed'")) == 1
    )
