"""Stores over HTTP: created, changed and removed; a secret is shown once."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy.ext.asyncio import AsyncConnection
from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes

from crypto import SecretBox
from database.access import stores
from temporal.client import status_of
from tests.support.environment import SECRET_KEY, Configure
from tests.support.eventually import eventually
from tests.support.sessions import session, session_of
from tests.support.shop import Shop
from tests.support.system import System, serving

STORE_ID = SearchAttributeKey.for_keyword("StoreId")
STORES = "/api/v1/integrations/stores/"
CREDENTIALS = {"consumer_key": "ck_0123456789", "consumer_secret": "cs_9876543210"}


@pytest_asyncio.fixture(scope="module")
async def admin(system: System) -> AsyncIterator[dict[str, str]]:
    yield await session(system, "store-admin@example.com", is_staff=True)


async def make(system: System, admin: dict[str, str], **fields: Any) -> dict[str, Any]:
    answer = await system.http.post(STORES, json={"name": "فروشگاه", **fields}, headers=admin)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def read(system: System, admin: dict[str, str], store_id: int) -> dict[str, Any]:
    made: dict[str, Any] = (await system.http.get(f"{STORES}{store_id}/", headers=admin)).json()
    return made


async def secrets(connection: AsyncConnection, store_id: int, secret_box: SecretBox) -> list[str]:
    terms = await stores.delivery_terms(connection, store_id)
    assert terms
    return [secret_box.decrypt(sealed) for sealed in terms.encrypted_secrets]


async def live_secrets(system: System, store_id: int) -> list[str]:
    async with system.database.reading() as connection:
        return await secrets(connection, store_id, SecretBox((SECRET_KEY,)))


async def test_a_store_is_made_with_a_webhook_address_and_a_secret(
    system: System, admin: dict[str, str]
) -> None:
    """The secret is shown once and has only characters that WooCommerce's HTML does not change."""
    made = await make(system, admin, base_url="https://Shop.Example/", currency="IRR")
    assert made["type"] == "woocommerce"
    assert made["base_url"] == "https://shop.example"
    assert made["user"]["email"] == "store-admin@example.com"
    assert made["webhook_url"].endswith(f"/api/integrations/woocommerce/webhook/{made['id']}/")
    secret = made["webhook_secret"]
    assert secret.removeprefix("whsec_").isalnum()
    assert await live_secrets(system, made["id"]) == [secret]
    shown = await read(system, admin, made["id"])
    assert "webhook_secret" not in shown
    assert {name: value for name, value in shown.items() if name in made} == {
        name: value for name, value in made.items() if name != "webhook_secret"
    }


async def test_a_store_for_another_user(system: System, admin: dict[str, str], shop: Shop) -> None:
    """That user sees the products of the store; an unknown user is refused."""
    made = await make(system, admin, user_id=shop.user_id, type="custom")
    assert made["user"]["id"] == shop.user_id
    answer = await system.http.post(STORES, json={"name": "a", "user_id": 2**62}, headers=admin)
    assert answer.status_code == 404
    assert answer.json()["field"] == "user_id"


async def test_secrets_are_stored_encrypted(system: System, admin: dict[str, str]) -> None:
    """No secret is in the table or in a response in plain text."""
    made = await make(system, admin, webhook_secret="chosen-by-the-shop", credentials=CREDENTIALS)
    async with system.database.reading() as connection:
        row = (await connection.exec_driver_sql("SELECT * FROM stores WHERE id = %s", (made["id"],))).one()
    shown = repr(row) + repr(await read(system, admin, made["id"]))
    for secret in ("chosen-by-the-shop", *CREDENTIALS.values()):
        assert secret not in shown
    assert SecretBox((SECRET_KEY,)).decrypt_fields(row.credentials) == CREDENTIALS
    assert await live_secrets(system, made["id"]) == ["chosen-by-the-shop"]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "  "}, "name"),
        ({"name": "a\r\nb"}, "name"),
        ({"type": "magento"}, "type"),
        ({"base_url": "ftp://shop.example"}, "base_url"),
        ({"base_url": "https://user:word@shop.example"}, "base_url"),
        ({"base_url": "http://127.0.0.1:8080"}, "base_url"),
        ({"base_url": "http://2130706433"}, "base_url"),
        ({"base_url": "http://localhost"}, "base_url"),
        ({"base_url": "http://169.254.169.254/latest"}, "base_url"),
        ({"base_url": "http://[::ffff:10.0.0.1]"}, "base_url"),
        ({"base_url": "http://[fe80::1]"}, "base_url"),
        ({"currency": ""}, "currency"),
        ({"assistant_access": "everyone"}, "assistant_access"),
        ({"assistant_access": True}, "assistant_access"),
        ({"webhook_secret": "short"}, "webhook_secret"),
        ({"webhook_secret": "with spaces in it"}, "webhook_secret"),
        ({"type": "custom", "webhook_secret": "not-a-standard-secret"}, "webhook_secret"),
        ({"credentials": {"consumer_key": "ck_0123456789"}}, "credentials"),
        ({"type": "shopify", "credentials": CREDENTIALS}, "credentials"),
        ({"type": "custom", "credentials": CREDENTIALS}, "credentials"),
        ({"type": "shopify", "credentials": {"client_id": "0123456789"}}, "credentials"),
        (
            {"type": "shopify", "credentials": {"client_id": "0123456789", "refresh_token": "shprt_01234"}},
            "credentials",
        ),
        ({"id": 7}, "id"),
        ({"user_id": "1"}, "user_id"),
        ({"schedule": {"paused": 0}}, "schedule.paused"),
        ({"schedule": []}, "schedule"),
    ],
)
async def test_an_invalid_field_is_named(
    fields: dict[str, Any], field: str, system: System, admin: dict[str, str]
) -> None:
    """The response repeats no secret."""
    answer = await system.http.post(STORES, json={"name": "a", **fields}, headers=admin)
    assert answer.status_code == 400, answer.text
    assert answer.json()["field"] == field
    assert "cs_" not in answer.text


@pytest.mark.parametrize(
    "credentials",
    [
        {"access_token": "shpat_0123456789"},
        {"client_id": "0123456789", "client_secret": "shpss_0123456789"},
        {"client_id": "0123456789", "client_secret": "shpss_0123456789", "refresh_token": "shprt_0123456789"},
        {
            "client_id": "0123456789",
            "client_secret": "shpss_0123456789",
            "access_token": "shpat_0123456789",
            "refresh_token": "shprt_0123456789",
        },
    ],
    ids=lambda credentials: " ".join(credentials),
)
async def test_a_shopify_store_takes_a_token_or_an_app(
    credentials: dict[str, str], system: System, admin: dict[str, str]
) -> None:
    """No response shows any of them."""
    made = await make(system, admin, type="shopify", credentials=credentials)
    assert made["has_credentials"]
    assert not any(value in str(made) for value in credentials.values())
    wrong = {"credentials": {"client_id": "0123456789"}}
    answer = await system.http.patch(f"{STORES}{made['id']}/", json=wrong, headers=admin)
    assert answer.status_code == 400
    assert "access_token, or client_id and client_secret, or " in answer.json()["problem"]


async def test_an_invalid_body_is_named_before_an_unknown_store(
    system: System, admin: dict[str, str]
) -> None:
    """The body is read first, so that its error does not depend on the store."""
    for method, path in (("PATCH", ""), ("POST", "rotate-secret/"), ("POST", "resync/")):
        answer = await system.http.request(
            method, f"{STORES}{2**40}/{path}", json={"unknown": 1}, headers=admin
        )
        assert (answer.status_code, answer.json()["field"]) == (400, "unknown")


@pytest.mark.parametrize(("path", "limit"), [("stores/1/resync/", 4_096), ("events/retry/", 16_384)])
async def test_bodies_of_commands_are_small(
    path: str, limit: int, system: System, admin: dict[str, str]
) -> None:
    """A body over the limit of its route is a 413 that says the limit."""
    answer = await system.http.post(f"/api/v1/integrations/{path}", content=b" " * (limit + 1), headers=admin)
    assert (answer.status_code, answer.json()["limit_bytes"]) == (413, limit)


@pytest.mark.parametrize(
    "content_type", [None, "application/json", "text/plain", "application/x-www-form-urlencoded"]
)
async def test_the_content_type_does_not_matter(
    content_type: str | None, system: System, admin: dict[str, str]
) -> None:
    """A JSON body is accepted with every content type."""
    headers = admin if content_type is None else {**admin, "Content-Type": content_type}
    answer = await system.http.post(STORES, content=b'{"name": "a", "name": "b"}', headers=headers)
    assert (answer.status_code, answer.json()["name"]) == (201, "b")


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"", "The body is not JSON"),
        (b'{"name": NaN}', "The body is not JSON"),
        (b"null", "The body must be a JSON object"),
        (b'{"name": ' + b"[" * 64 + b"]" * 64 + b"}", "The body nests too deeply"),
    ],
)
async def test_an_invalid_body_is_refused(
    body: bytes, error: str, system: System, admin: dict[str, str]
) -> None:
    """The 400 has the same errors as on the routes that read the body by hand."""
    headers = {**admin, "Content-Type": "application/json"}
    answer = await system.http.post(STORES, content=body, headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (400, error)


async def test_a_setting_lets_shops_be_on_private_networks(
    system: System, admin: dict[str, str], configure: Configure
) -> None:
    """For shops in the same network, and for tests."""
    async with serving(configure(allow_private_shops=True, public_url="https://sync.example/")) as http:
        answer = await http.post(
            STORES, json={"name": "a", "base_url": "http://127.0.0.1:8080"}, headers=admin
        )
    assert answer.status_code == 201
    made = answer.json()
    assert made["base_url"] == "http://127.0.0.1:8080"
    assert made["webhook_url"].startswith("https://sync.example/api/")


async def test_only_named_fields_change(system: System, admin: dict[str, str]) -> None:
    """Null removes optional fields; the type stays."""
    made = await make(system, admin, currency="IRT", base_url="https://shop.example", credentials=CREDENTIALS)
    address = f"{STORES}{made['id']}/"
    changed = (await system.http.patch(address, json={"name": "تازه"}, headers=admin)).json()
    assert (changed["name"], changed["currency"]) == ("تازه", "IRT")
    assert changed["has_credentials"]
    changed = (await system.http.patch(address, json={"currency": None}, headers=admin)).json()
    assert (changed["name"], changed["currency"]) == ("تازه", None)
    changed = (await system.http.patch(address, json={"credentials": None}, headers=admin)).json()
    assert not changed["has_credentials"]
    refused = await system.http.patch(address, json={"type": "shopify"}, headers=admin)
    assert refused.status_code == 400


async def test_a_store_is_opened_to_assistants_and_closed(system: System, admin: dict[str, str]) -> None:
    """A new store is read with its token; no other change opens it."""
    assert (await make(system, admin))["assistant_access"] == "token"
    made = await make(system, admin, assistant_access="public")
    assert made["assistant_access"] == "public"
    path = f"{STORES}{made['id']}/"
    for change, access in (
        ({"name": "فروشگاه تازه"}, "public"),
        ({"assistant_access": None}, "public"),
        ({"assistant_access": "off"}, "off"),
        ({"assistant_access": "token"}, "token"),
    ):
        changed = (await system.http.patch(path, json=change, headers=admin)).json()
        assert changed["assistant_access"] == access
        assert (await read(system, admin, made["id"]))["assistant_access"] == access
    refused = await system.http.patch(path, json={"assistant_access": "open"}, headers=admin)
    assert (refused.status_code, refused.json()["field"]) == (400, "assistant_access")


async def test_budgets_are_set_and_removed(system: System, admin: dict[str, str]) -> None:
    """Each for itself; what is no number of tokens is refused by name."""
    store = await make(system, admin)
    at = f"{STORES}{store['id']}/"
    assert (store["budget_day_tokens"], store["budget_month_tokens"]) == (None, None)
    both = {"budget_day_tokens": 0, "budget_month_tokens": 2_000_000}
    assert (await system.http.patch(at, json=both, headers=admin)).json().items() >= both.items()
    removed = await system.http.patch(at, json={"budget_day_tokens": None}, headers=admin)
    assert (removed.json()["budget_day_tokens"], removed.json()["budget_month_tokens"]) == (None, 2_000_000)
    for value in (-1, 10**12 + 1, "many", 0.5, True):
        answer = await system.http.patch(at, json={"budget_month_tokens": value}, headers=admin)
        assert (answer.status_code, answer.json()["field"]) == (400, "budget_month_tokens"), value


async def test_credentials_do_not_follow_to_another_host(system: System, admin: dict[str, str]) -> None:
    """Unless the request contains them; another path on the same host keeps them."""
    made = await make(system, admin, base_url="https://shop.example", credentials=CREDENTIALS)
    address = f"{STORES}{made['id']}/"

    async def change(**fields: Any) -> bool:
        has: bool = (await system.http.patch(address, json=fields, headers=admin)).json()["has_credentials"]
        return has

    assert await change(base_url="https://shop.example/wp")
    assert not await change(base_url="https://other.example")
    assert await change(base_url="https://third.example", credentials=CREDENTIALS)


async def test_a_secret_is_rotated_with_an_overlap(system: System, admin: dict[str, str]) -> None:
    """Both are accepted during the overlap; without one the old secret ends at once."""
    made = await make(system, admin)
    first = made["webhook_secret"]
    address = f"{STORES}{made['id']}/rotate-secret/"
    second = (await system.http.post(address, headers=admin)).json()["webhook_secret"]
    assert await live_secrets(system, made["id"]) == [second, first]
    assert (await read(system, admin, made["id"]))["old_secret_until"] is not None
    third = (await system.http.post(address, json={"overlap_hours": 0}, headers=admin)).json()
    assert await live_secrets(system, made["id"]) == [third["webhook_secret"]]
    assert third["old_secret_until"] is None
    chosen = await system.http.post(address, json={"webhook_secret": "shpss_0123456789"}, headers=admin)
    assert chosen.json()["webhook_secret"] == "shpss_0123456789"


async def test_stores_are_listed_newest_first(system: System, admin: dict[str, str], shop: Shop) -> None:
    """All stores, or the stores of a user or type, in pages."""
    made = [await make(system, admin, user_id=shop.user_id, type=t) for t in ("shopify", "custom")]

    async def listed(**fields: Any) -> list[int]:
        params = {"user_id": shop.user_id, **fields}
        page = (await system.http.get(STORES, params=params, headers=admin)).json()
        return [store["id"] for store in page["results"]]

    assert await listed() == [made[1]["id"], made[0]["id"], shop.store_id]
    assert await listed(type="shopify") == [made[0]["id"]]
    assert await listed(page_size=1, page=2) == [made[0]["id"]]


async def test_a_removed_store_leaves_nothing(system: System, admin: dict[str, str], shop: Shop) -> None:
    """Its token is invalid, its products are not found, and its events and workflows are removed."""
    await shop.sync({"id": 1, "name": "چراغ مطالعه", "description": "نور گرم"})
    waits = await system.temporal.start_workflow(
        "ProductEvent",
        id=f"waits-{shop.store_id}",
        task_queue=system.settings.task_queue,
        start_delay=timedelta(hours=1),
        search_attributes=TypedSearchAttributes([SearchAttributePair(STORE_ID, str(shop.store_id))]),
    )

    async def listed() -> bool:
        return any([found async for found in system.temporal.list_workflows(f"WorkflowId = '{waits.id}'")])

    await eventually(listed, what="the workflow in Temporal's list")
    owner = await session_of(system, shop.user_id)
    address = f"{STORES}{shop.store_id}/"
    assert (await system.http.delete(address, headers=admin)).status_code == 204
    assert (await shop.send({"id": 2, "name": "b"})).json()["detail"] == "Invalid token"
    found = await system.http.post("/api/v1/knowledge/search/", json={"query": "چراغ"}, headers=owner)
    assert found.json()["results"] == []
    for table in ("events", "products", "tenant_knowledge", "integration_tokens"):
        assert await shop.rows(f"SELECT id FROM {table} WHERE store_id = :store") == []
    assert await status_of(system.temporal, waits.id) in (None, "TERMINATED")
    for answer in (
        await system.http.get(address, headers=admin),
        await system.http.delete(address, headers=admin),
        await system.http.patch(address, json={"name": "a"}, headers=admin),
        await system.http.post(f"{address}rotate-secret/", headers=admin),
    ):
        assert answer.status_code == 404


async def test_secrets_are_encrypted_again_with_the_first_key(system: System, admin: dict[str, str]) -> None:
    """The previous key is not needed any more."""
    made = await make(system, admin, credentials=CREDENTIALS)
    new = "another key of thirty-two bytes or more"
    async with system.database.transaction() as connection:
        assert await stores.rotate_keys(connection, SecretBox((new, SECRET_KEY))) >= 1
    async with system.database.reading() as connection:
        assert await secrets(connection, made["id"], SecretBox((new,))) == [made["webhook_secret"]]
    async with system.database.transaction() as connection:
        await stores.rotate_keys(connection, SecretBox((SECRET_KEY, new)))
    assert await live_secrets(system, made["id"]) == [made["webhook_secret"]]
