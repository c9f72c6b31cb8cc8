"""`/api/integrations/woocommerce/`: every row of the contract's table, over a real connection."""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx2
import orjson
import pytest
import pytest_asyncio
from sqlalchemy import text
from sqlalchemy.engine import make_url
from temporalio.client import WorkflowFailureError
from temporalio.service import RPCError

from contracts.events import EventType
from fakes.openai import EmbeddingServer, bad_request
from tests.support.environment import Configure
from tests.support.eventually import eventually
from tests.support.network.cable import Cable
from tests.support.shop import Shop
from tests.support.system import System, serving

WEBHOOK = "/api/integrations/woocommerce/webhook/"
HEALTH = "/api/integrations/woocommerce/health/"
BAG = {"id": 5, "name": "کیف چرمی دست‌دوز", "price": "2750000"}
PERSIAN = "رویداد دریافت شد و در صف پردازش قرار گرفت"


async def post(shop: Shop, content: bytes, **headers: str) -> httpx2.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await shop.http.post(WEBHOOK, content=content, headers={**shop.headers, **named})


async def assert_no_trace(shop: Shop, event_id: str = "evt") -> None:
    """Checks that there is neither a row nor a workflow."""
    assert await shop.rows("SELECT id FROM events WHERE store_id = :store") == []
    with pytest.raises(RPCError, match="not found"):
        await shop.temporal.get_workflow_handle(shop.workflow_id(event_id)).describe()


async def closed(shop: Shop, event_id: str) -> None:
    with pytest.raises(WorkflowFailureError):
        await shop.temporal.get_workflow_handle(shop.workflow_id(event_id)).result()


async def test_an_event_is_accepted(shop: Shop) -> None:
    """A 202 with the message that the plugin shows, the event's id and the processing time."""
    answer = await shop.send(BAG, event_id="evt", timestamp="2026-11-20T10:00:00Z")
    assert answer.status_code == 202
    assert answer.headers["content-type"] == "application/json"
    content = answer.json()
    assert isinstance(content.pop("processing_time_ms"), int)
    assert content == {"status": "accepted", "message": PERSIAN, "event_id": "evt"}


@pytest.mark.parametrize("event_type", EventType)
async def test_every_event_type_is_accepted(shop: Shop, event_type: EventType) -> None:
    """The five types of the contract, each logged with its type."""
    event_id = await shop.submit({"id": 5, "name": "کیف"}, event_type)
    assert (await shop.ended(event_id))["event_type"] == event_type


async def test_only_the_id_is_required_to_delete(shop: Shop) -> None:
    """`{"id": n}` hides the product."""
    assert await shop.sync(BAG) == "succeeded"
    assert await shop.sync({"id": 5}, "product.deleted") == "succeeded"
    product = await shop.product(5)
    assert product
    assert not product["is_active"]


async def test_a_repeated_event_is_skipped(shop: Shop) -> None:
    """The same id again is a 200 without effect, during processing and after it."""
    skipped = {"status": "skipped", "message": "این رویداد قبلاً پردازش شده است", "event_id": "evt"}
    await shop.submit(BAG, event_id="evt")
    again = await shop.send({**BAG, "name": "چیز دیگر"}, event_id="evt")
    assert (again.status_code, again.json()) == (200, skipped)
    await shop.ended("evt")
    again = await shop.send({**BAG, "name": "چیز دیگر"}, event_id="evt")
    assert (again.status_code, again.json()) == (200, skipped)
    product = await shop.product(5)
    assert product
    assert product["title"] == BAG["name"]
    assert len(await shop.rows("SELECT id FROM events WHERE store_id = :store")) == 1


async def test_two_stores_may_send_the_same_event_id(system: System, shop: Shop) -> None:
    """Ids are unique per store, also if both stores have one owner."""
    for other in (await system.second_shop(shop.user_id), await system.shop()):
        assert (await other.send(BAG, event_id="evt")).status_code == 202
    assert (await shop.send(BAG, event_id="evt")).status_code == 202


async def test_a_failed_event_may_be_sent_again(shop: Shop, embeddings: EmbeddingServer) -> None:
    """Its id is accepted again, and the attempt counts."""
    embeddings.fail_always(bad_request())
    assert await shop.sync(BAG, event_id="evt") == "failed"
    await closed(shop, "evt")
    embeddings.fail_always(None)
    again = await shop.send(BAG, event_id="evt")
    assert (again.status_code, again.json()["status"]) == (202, "accepted")
    row = await eventually(
        lambda: shop.event("evt"), lambda row: row is not None and row["status"] == "succeeded"
    )
    assert row
    assert len(row["attempts"]) == 2


@pytest.mark.parametrize("missing", ["event_id", "event_type"])
@pytest.mark.parametrize("value", [None, "", "absent"])
async def test_an_event_needs_an_id_and_a_type(shop: Shop, missing: str, value: str | None) -> None:
    """A 400 with the message that the plugin expects."""
    body = {"event_id": "evt", "event_type": "product.updated", "product": BAG, missing: value}
    if value == "absent":
        del body[missing]
    answer = await post(shop, orjson.dumps(body))
    assert (answer.status_code, answer.json()) == (400, {"error": "Missing event_id or event_type"})
    await assert_no_trace(shop)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"event_type": "product.exploded"}, "event_type"),
        ({"event_type": "order.created"}, "event_type"),
        ({"event_type": ["product.updated"]}, "event_type"),
        ({"event_type": {"a": 1}}, "event_type"),
        ({"event_id": 17}, "event_id"),
        ({"event_id": ["evt"]}, "event_id"),
        ({"event_id": "a\nb"}, "event_id"),
        ({"event_id": "a\x00b"}, "event_id"),
        ({"event_id": "e" * 256}, "event_id"),
        ({"product": None}, "product"),
        ({"product": "x"}, "product"),
        ({"product": [BAG]}, "product"),
        ({"product": {}}, "product.id"),
        ({"product": {"id": None}}, "product.id"),
        ({"product": {"id": ""}}, "product.id"),
        ({"product": {"id": "abc"}}, "product.id"),
        ({"product": {"id": 0}}, "product.id"),
        ({"product": {"id": 1.5}}, "product.id"),
        ({"product": {"id": 2**63}}, "product.id"),
        ({"product": {"id": 2**70}}, "product.id"),
        ({"product": {**BAG, "price": {"amount": 5}}}, "product.price"),
        ({"product": {**BAG, "price": "expensive"}}, "product.price"),
        ({"product": {**BAG, "name": ["x"]}}, "product.name"),
        ({"product": {**BAG, "categories": 3}}, "product.categories"),
        ({"product": {**BAG, "attributes": "red"}}, "product.attributes"),
        ({"product": {**BAG, "type": "subscription_variation"}}, "product.parent_id"),
        ({"product": {**BAG, "date_modified_gmt": "yesterday"}}, "product.date_modified_gmt"),
        ({"product": {**BAG, "type": "variation"}}, "product.parent_id"),
        ({"event_type": "product.deleted", "product": {"name": "x"}}, "product.id"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
async def test_a_wrong_field_is_named(shop: Shop, changes: dict[str, Any], field: str) -> None:
    """A 400 names the field and the problem; no event is stored."""
    body = {"event_id": "evt", "event_type": "product.updated", "product": BAG, **changes}
    answer = await shop.http.post(WEBHOOK, json=body, headers=shop.headers)
    assert answer.status_code == 400
    content = answer.json()
    assert content["field"] == field
    assert content["error"] == f"{field}: {content['problem']}"
    await assert_no_trace(shop)


async def test_an_unreadable_entry_is_left_out_and_noted(shop: Shop) -> None:
    """The event names the entry; a time of sending is not read at all."""
    product = {
        **BAG,
        "tags": ["a", {"id": 3}],
        "attributes": {"Waterproof": True, "Sizes": {"a": {"b": 1}}},
        "variations": [{"id": 78, "price": "1,2,3"}, {"id": "x"}],
        "price": "12,50",
    }
    row = await shop.ended(await shop.submit(product, timestamp=1_764_064_800))
    assert row["status"] == "succeeded", row["reason"]
    assert {note.partition(": ")[0] for note in row["notes"]} == {
        "attributes.1.options.0",
        "attributes.1",
        "tags.1",
        "variations.1",
        "variations.0.price",
    }
    stored = await shop.product(5)
    assert stored
    assert (stored["tags"], stored["price"]) == (["a"], Decimal("12.50"))
    assert stored["attributes"] == [{"name": "Waterproof", "options": ["yes"]}]
    assert stored["variation_ids"] is None
    assert await shop.sync(BAG, timestamp="soon") in ("succeeded", "unchanged")


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"webhook_id=1", b"[]", b"null", b'"x"', b'"\xff"', b"\xff"],
    ids=lambda content: repr(content[:20]),
)
async def test_a_body_that_is_no_object_is_refused(shop: Shop, content: bytes) -> None:
    """A 400 without a stack trace."""
    answer = await post(shop, content)
    assert answer.status_code == 400
    assert "JSON" in answer.json()["error"]
    assert "Traceback" not in answer.text
    await assert_no_trace(shop)


async def test_a_body_that_nests_too_deeply_is_refused(shop: Shop) -> None:
    """A 400 before the body is used."""
    deep = orjson.dumps({"event_id": "evt", "event_type": "product.updated"})[:-1]
    answer = await post(shop, deep + b', "product": ' + b'{"a":' * 100 + b"1" + b"}" * 101)
    assert (answer.status_code, answer.json()["error"]) == (400, "The body nests too deeply")
    answer = await post(shop, b"[" * 200_000)
    assert (answer.status_code, answer.json()["error"]) == (400, "The body nests too deeply")
    await assert_no_trace(shop)


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "application/octet-stream"])
async def test_the_content_type_does_not_matter(shop: Shop, content_type: str) -> None:
    """JSON is accepted with every content type."""
    body = orjson.dumps({"event_id": "evt", "event_type": "product.updated", "product": BAG})
    assert (await post(shop, body, content_type=content_type)).status_code == 202


LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


async def assert_unauthenticated(shop: Shop, headers: Mapping[str, str], detail: str) -> None:
    for path in (WEBHOOK, HEALTH):
        answer = await shop.http.request(
            "POST" if path == WEBHOOK else "GET",
            path,
            headers=headers,
            content=orjson.dumps({"event_id": "evt", "event_type": "product.updated", "product": BAG})
            if path == WEBHOOK
            else None,
        )
        assert (answer.status_code, answer.json()) == (401, {"detail": detail})
        assert answer.headers["www-authenticate"] == "Bearer"
    await assert_no_trace(shop)


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Bearer",
        "Bearer wc_sk_live_" + "a" * 40,
        "Basic d2M6c2s=",
        "Token {secret}",
        "{secret}",
        "Bearer {secret}x",
        "Bearer {secret} {secret}",
    ],
)
async def test_requests_without_a_known_token_are_refused(shop: Shop, authorization: str | None) -> None:
    """No header, another scheme and an unknown secret get the same 401."""
    headers: dict[str, str] = {}
    if authorization is not None:
        headers["Authorization"] = authorization.format(secret=shop.secret)
    await assert_unauthenticated(shop, headers, "Invalid token")


async def test_a_secret_of_odd_bytes_is_unknown(shop: Shop) -> None:
    """Bytes that are not text are hashed like others."""
    answer = await shop.http.get(HEALTH, headers=[(b"authorization", b"Bearer \xfc\xff")])
    assert (answer.status_code, answer.json()) == (401, {"detail": "Invalid token"})


async def test_the_scheme_is_written_in_any_case(shop: Shop) -> None:
    """As RFC 9110 requires."""
    answer = await shop.http.get(HEALTH, headers={"Authorization": f"BEARER   {shop.secret}"})
    assert answer.status_code == 200


async def test_an_expired_token_is_refused(system: System) -> None:
    """From the time when it expires."""
    shop = await system.shop(expires_at=LONG_AGO)
    await assert_unauthenticated(shop, shop.headers, "Token has expired")
    later = await system.shop(expires_at=datetime.now(UTC) + timedelta(days=1))
    assert (await later.http.get(HEALTH, headers=later.headers)).status_code == 200


@pytest.mark.parametrize(
    "switch_off",
    [
        "UPDATE integration_tokens SET is_active = false WHERE id = :token",
        "UPDATE users SET is_active = false WHERE id = :user",
    ],
)
async def test_switching_a_token_off_takes_effect_at_once(
    system: System, shop: Shop, switch_off: str
) -> None:
    """The next request is refused after the token or its owner is deactivated."""
    assert (await shop.http.get(HEALTH, headers=shop.headers)).status_code == 200
    await change(system, shop, switch_off)
    await assert_unauthenticated(shop, shop.headers, "Token is inactive")


async def test_a_revoked_token_is_unknown(system: System, shop: Shop) -> None:
    """Without its row no cache accepts it."""
    assert (await shop.http.get(HEALTH, headers=shop.headers)).status_code == 200
    await change(system, shop, "DELETE FROM integration_tokens WHERE id = :token")
    await assert_unauthenticated(shop, shop.headers, "Invalid token")


async def change(system: System, shop: Shop, sql: str) -> None:
    values = {"token": shop.token_id, "user": shop.user_id}
    async with system.database.transaction() as connection:
        used = {name: value for name, value in values.items() if f":{name}" in sql}
        await connection.execute(text(sql), used)


ELSEWHERE = "203.0.113.7"


@pytest.mark.parametrize("allowed", [("127.0.0.1",), ("10.0.0.0/8", "127.0.0.0/8")])
async def test_a_token_works_from_its_addresses(system: System, allowed: tuple[str, ...]) -> None:
    """Single addresses and networks."""
    shop = await system.shop(allowed_ips=allowed)
    assert (await shop.http.get(HEALTH, headers=shop.headers)).status_code == 200


@pytest_asyncio.fixture
async def exposed(system: System, configure: Configure) -> AsyncIterator[Shop]:
    """A shop at an API server that, as under `pilito api`, does not read `X-Forwarded-For` itself."""
    bound = await system.shop(allowed_ips=(ELSEWHERE,))
    async with serving(configure()) as http:
        yield replace(bound, http=http)


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Real-IP", "Forwarded", "CF-Connecting-IP"])
async def test_a_forged_address_opens_nothing(exposed: Shop, header: str) -> None:
    """No header gives a client an address that its token is bound to."""
    forged = f"for={ELSEWHERE}" if header == "Forwarded" else ELSEWHERE
    await assert_unauthenticated(exposed, {**exposed.headers, header: forged}, "IP address not allowed")


async def test_a_trusted_proxy_names_the_client(system: System, configure: Configure) -> None:
    """Behind PILITO_TRUSTED_PROXIES the client's own address is checked and stored."""
    bound = await system.shop(allowed_ips=(ELSEWHERE,))
    async with serving(configure(trusted_proxies="10.0.0.0/8, 127.0.0.1")) as http:
        shop = replace(bound, http=http)
        body = orjson.dumps({"event_id": "evt", "event_type": "product.updated", "product": BAG})
        refused = await post(shop, body, x_forwarded_for=f"{ELSEWHERE}, 198.51.100.1")
        assert (refused.status_code, refused.json()) == (401, {"detail": "IP address not allowed"})
        await assert_no_trace(shop)
        taken = await post(shop, body, x_forwarded_for=f"198.51.100.1, {ELSEWHERE}, 10.1.2.3")
        assert taken.status_code == 202
        assert (await shop.ended("evt"))["source_address"] == ELSEWHERE


async def raw(shop: Shop, head: str, *pieces: bytes) -> bytes:
    """Send parts of an endless request. Returns the response, read until the connection is closed."""
    url = httpx2.URL(str(shop.http.base_url))
    reader, writer = await asyncio.open_connection(url.host, url.port)
    try:
        writer.write(
            f"POST {WEBHOOK} HTTP/1.1\r\nHost: {url.host}\r\nAuthorization: Bearer {shop.secret}\r\n"
            f"{head}\r\n\r\n".encode()
        )
        for piece in pieces:
            writer.write(piece)
        await writer.drain()
        return await asyncio.wait_for(reader.read(), 20)
    finally:
        writer.close()


async def test_a_declared_length_over_the_limit_is_answered_unread(system: System, shop: Shop) -> None:
    """A 413 before a byte of the body is sent."""
    answer = await raw(shop, f"Content-Length: {system.settings.max_body_bytes + 1}")
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b'{"error":"Payload too large","limit_bytes":8388608}' in answer
    await assert_no_trace(shop)


async def test_a_stream_over_the_limit_is_answered_before_its_end(system: System, shop: Shop) -> None:
    """A 413 although the stream does not end."""
    megabyte = b"100000\r\n" + bytes(2**20) + b"\r\n"
    answer = await raw(shop, "Transfer-Encoding: chunked", *[megabyte] * 8, b"1\r\n.\r\n")
    assert answer.startswith(b"HTTP/1.1 413 ")
    await assert_no_trace(shop)


async def test_a_body_of_the_largest_size_is_accepted(system: System, shop: Shop) -> None:
    """Bodies of up to 6.7 MB occur in practice; a body of exactly the limit is processed."""

    def body(padding: str) -> bytes:
        padded = {**BAG, "meta_data": padding}
        return orjson.dumps({"event_id": "evt", "event_type": "product.updated", "product": padded})

    largest = body("x" * (system.settings.max_body_bytes - len(body(""))))
    answer = await post(shop, largest)
    assert answer.status_code == 202
    assert (await shop.ended("evt"))["status"] == "succeeded"
    assert (await shop.send(BAG, event_id="evt")).status_code == 200


async def test_a_body_that_breaks_off_leaves_no_event(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    """Half a body stores no event and logs no error."""
    url = httpx2.URL(str(shop.http.base_url))
    caplog.set_level(logging.INFO)
    _, writer = await asyncio.open_connection(url.host, url.port)
    writer.write(
        f"POST {WEBHOOK} HTTP/1.1\r\nHost: {url.host}\r\nAuthorization: Bearer {shop.secret}\r\n"
        f'Content-Length: 500\r\n\r\n{{"event_id": "evt"'.encode()
    )
    await writer.drain()
    await eventually(lambda: uses(shop), lambda count: count == 1, what="the request being seen")
    writer.close()
    await writer.wait_closed()
    assert (await shop.http.get(HEALTH, headers=shop.headers)).status_code == 200
    await assert_no_trace(shop)
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []


async def uses(shop: Shop) -> int:
    row = await shop.one("SELECT usage_count FROM integration_tokens WHERE id = :token", token=shop.token_id)
    assert row
    return int(row["usage_count"])


async def test_too_many_requests_get_a_retry_after(shop: Shop, system: System, configure: Configure) -> None:
    """A 429 with `Retry-After` for that token only; the refused event can be sent again."""
    async with serving(configure(requests_per_minute=6)) as http:
        busy, other = replace(shop, http=http), replace(await system.shop(), http=http)
        assert (await busy.send({**BAG, "id": 1}, event_id="first")).status_code == 202
        refused = await busy.send(BAG, event_id="evt")
        assert refused.status_code == 429
        assert "error" in refused.json()
        assert 1 <= int(refused.headers["retry-after"]) <= 10
        assert (await other.send(BAG)).status_code == 202
    assert await shop.event("evt") is None
    assert (await shop.send(BAG, event_id="evt")).status_code == 202


async def test_an_event_that_can_be_stored_nowhere_is_not_accepted(
    system: System, shop: Shop, configure: Configure
) -> None:
    """A 503 with `Retry-After` only while both Postgres and Temporal are down."""
    assert system.settings.database_url
    assert system.settings.temporal_address
    url = make_url(system.settings.database_url)
    host, _, port = system.settings.temporal_address.rpartition(":")
    async with (
        Cable(url.host or "", url.port or 0) as postgres,
        Cable(host, int(port)) as temporal,
        serving(
            configure(
                database_url=url.set(host="127.0.0.1", port=postgres.port).render_as_string(
                    hide_password=False
                ),
                temporal_address=f"127.0.0.1:{temporal.port}",
            )
        ) as http,
    ):
        cut_off = replace(shop, http=http)
        assert (await http.get(HEALTH, headers=shop.headers)).status_code == 200
        await postgres.cut()
        await temporal.cut()
        refused = await cut_off.send(BAG, event_id="evt")
        assert refused.status_code == 503
        assert refused.json()["error"].startswith("The event could not be stored")
        assert int(refused.headers["retry-after"]) > 0
        await assert_no_trace(shop)
        await postgres.restore()
        await temporal.restore()
        taken = await eventually(
            lambda: cut_off.send(BAG, event_id="evt"), lambda answer: answer.status_code != 503
        )
        assert taken.status_code == 202


@pytest.mark.parametrize("path", [WEBHOOK, WEBHOOK.removesuffix("/")])
async def test_no_slash_is_no_reason_to_redirect(shop: Shop, path: str) -> None:
    """WordPress turns a redirected POST into a GET."""
    body = {"event_id": "evt", "event_type": "product.updated", "product": BAG}
    answer = await shop.http.post(path, json=body, headers=shop.headers, follow_redirects=False)
    assert answer.status_code == 202
    health = path.replace("webhook", "health") + "?from=plugin"
    assert (await shop.http.get(health, headers=shop.headers, follow_redirects=False)).status_code == 200


async def test_messages_are_english_on_request(shop: Shop) -> None:
    """`Accept-Language` decides the language."""
    body = orjson.dumps({"event_id": "evt", "event_type": "product.updated", "product": BAG})
    english = await post(shop, body, accept_language="en-US,en;q=0.9,fa;q=0.8")
    assert english.json()["message"] == "The event was received and queued for processing"
    again = await post(shop, body, accept_language="en")
    assert again.json()["message"] == "This event was processed before"
    persian = await post(shop, body, accept_language="fa-IR,fa;q=0.9,en;q=0.8")
    assert persian.json()["message"] == "این رویداد قبلاً پردازش شده است"


async def test_health_shows_the_user_and_store_of_the_token(shop: Shop) -> None:
    """The plugin shows the owner that the connection works."""
    before = datetime.now(UTC)
    answer = await shop.http.get(HEALTH, headers=shop.headers)
    assert answer.status_code == 200
    content = answer.json()
    assert before <= datetime.fromisoformat(content.pop("timestamp")) <= datetime.now(UTC)
    assert before <= datetime.fromisoformat(content["token"].pop("last_used_at")) <= datetime.now(UTC)
    owner = await shop.one("SELECT email, username FROM users WHERE id = :user", user=shop.user_id)
    store = await shop.one("SELECT name FROM stores WHERE id = :store")
    assert owner
    assert store
    of_the_service = {"server_time", "limits", "features", "products"}
    assert of_the_service <= set(content), "tests/api/plugin/test_connection.py has their values"
    assert {name: content[name] for name in set(content) - of_the_service} == {
        "status": "ok",
        "message": "اتصال برقرار است",
        "user": {"id": shop.user_id, **owner},
        "token": {
            "id": shop.token_id,
            "integration_type": "woocommerce",
            "name": "Integration Token",
            "usage_count": 1,
        },
        "store": {"id": shop.store_id, **store},
    }
    assert shop.secret not in answer.text


async def test_every_use_of_a_token_is_counted(shop: Shop) -> None:
    """On every route and for concurrent requests; refused requests do not count."""
    await asyncio.gather(*(shop.http.get(HEALTH, headers=shop.headers) for _ in range(5)))
    await shop.send(BAG)
    await shop.http.post(WEBHOOK, content=b"nonsense", headers=shop.headers)
    await eventually(lambda: uses(shop), lambda count: count == 7, what="seven uses")
    answer = await shop.http.get(HEALTH, headers=shop.headers)
    assert answer.json()["token"]["usage_count"] == 8


REAL_LIFE: list[dict[str, Any]] = [
    *({"price": value} for value in ("45000000", 45_000_000, 12.5, "12.50", "", None, "۴۵٬۰۰۰٬۰۰۰", "0")),
    *({"regular_price": value, "sale_price": value} for value in ("", None, 5, "٤٥٠")),
    *({"stock_quantity": value} for value in (5, 5.5, None, -3, "7", "", 10**15)),
    {"manage_stock": "parent"},
    {"stock_status": "onbackorder", "stock_quantity": -1, "backorders": "notify"},
    {"on_sale": 1, "status": None, "catalog_visibility": "search"},
    {"categories": ["لپ‌تاپ"], "tags": ["گیمینگ"]},
    {"categories": [{"id": 17, "name": "لپ‌تاپ", "slug": "laptop"}], "tags": [{"id": 1, "name": "نو"}]},
    {"categories": None, "tags": "", "brands": False, "attributes": None, "variations": None},
    {"attributes": {"attribute_pa_color": "red"}, "variations": {"1": {"id": 71}, "3": {"id": 72}}},
    {"attributes": [{"name": "رنگ", "options": ["مشکی", 7, None]}]},
    {"images": [{"src": "https://a.example/1.jpg"}], "image": None, "gallery": [None]},
    {"unheard_of": {"deep": [1, {"er": None}]}, "meta_data": [{"key": "a", "value": {"b": []}}]},
    {"name": None},
    {"name": 1404},
    {"name": "\x00کیف\x00", "description": "a\x00b", "sku": "\x00", "tags": ["\x00نو"]},
    {"name": "\x00" * 500},
    {"name": "👨‍👩‍👧‍👦" * 40},
    {"name": '"\\' * 100, "description": "'; DROP TABLE products; --"},
    {"name": "ن" * 5_000},
    {"description": "<p>" * 5_000},
    {"sku": "😀", "permalink": "not an address", "currency": "usd"},
    {"date_modified_gmt": "0000-00-00T00:00:00"},
    {"date_modified_gmt": "2031-01-01T00:00:00"},
    {"date_modified_gmt": "0001-01-01T00:00:00"},
    {"id": "5"},
    {"id": 2**63 - 1},
    {"id": 2**33, "variations": [2**33 + 1, str(2**63 - 2)]},
    {"type": "variation", "parent_id": 3},
]


@pytest.mark.parametrize("fields", REAL_LIFE, ids=lambda fields: repr(fields)[:60])
async def test_real_payloads_are_accepted(shop: Shop, fields: dict[str, Any]) -> None:
    """Every recorded spelling is accepted and processed."""
    body = {"id": 5, "name": "کیف چرمی", "stock_status": "instock", **fields}
    event = await shop.ended(await shop.submit(body))
    assert event["status"] == "succeeded", event["reason"]


@pytest.mark.parametrize("event_id", ["1", "رویداد-۱", "e" * 255, "a/b?c#d", "'; --", "😀" * 255])
async def test_event_ids_are_the_senders_own(shop: Shop, event_id: str) -> None:
    """Any printable text is allowed and returned as it was sent."""
    answer = await shop.send(BAG, event_id=event_id)
    assert (answer.status_code, answer.json()["event_id"]) == (202, event_id)
    assert (await shop.ended(event_id))["status"] == "succeeded"
    assert (await shop.send(BAG, event_id=event_id)).status_code == 200


async def test_unknown_paths_and_methods_are_json_errors(shop: Shop) -> None:
    """Their errors have the same shape as others."""
    missing = await shop.http.get("/api/integrations/magento/webhook/")
    assert (missing.status_code, missing.json()) == (404, {"error": "Not Found"})
    wrong = await shop.http.get(WEBHOOK, headers=shop.headers)
    assert (wrong.status_code, wrong.json()) == (405, {"error": "Method Not Allowed"})
    assert wrong.headers["allow"] == "POST"


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/docs"])
async def test_operation_answers_with_and_without_slash(shop: Shop, path: str) -> None:
    """Like every other path."""
    for spelled in (path, f"{path}/"):
        assert (await shop.http.get(spelled)).status_code == 200


async def test_the_openapi_document_is_served(shop: Shop) -> None:
    """OpenAPI at `/docs`."""
    assert (await shop.http.get("/docs")).status_code == 200
    described = (await shop.http.get("/openapi.json")).json()
    assert {WEBHOOK, HEALTH} < set(described["paths"])
