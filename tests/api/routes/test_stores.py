"""Stores over HTTP: made, changed and removed; their secrets go in and come out once."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy.ext.asyncio import AsyncConnection

from crypto import SecretBox
from database.access import stores
from tests.conftest import SECRET_KEY, Configure
from tests.support.sessions import session, session_of
from tests.support.system import Shop, System, serving

STORES = "/api/v1/integrations/stores/"
CREDENTIALS = {"consumer_key": "ck_0123456789", "consumer_secret": "cs_9876543210"}


@pytest_asyncio.fixture(scope="module")
async def admin(system: System) -> AsyncIterator[dict[str, str]]:
    yield await session(system, "store-admin@example.com", is_staff=True)


async def make(system: System, admin: dict[str, str], **asked: Any) -> dict[str, Any]:
    answer = await system.http.post(STORES, json={"name": "فروشگاه", **asked}, headers=admin)
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def read(system: System, admin: dict[str, str], store_id: int) -> dict[str, Any]:
    told: dict[str, Any] = (await system.http.get(f"{STORES}{store_id}/", headers=admin)).json()
    return told


async def secrets(connection: AsyncConnection, store_id: int, secret_box: SecretBox) -> list[str]:
    terms = await stores.delivery_terms(connection, store_id)
    assert terms
    return [secret_box.decrypt(encrypted) for encrypted in terms.encrypted_secrets]


async def live_secrets(system: System, store_id: int) -> list[str]:
    async with system.database.reading() as connection:
        return await secrets(connection, store_id, SecretBox((SECRET_KEY,)))


async def test_a_store_is_made_with_a_webhook_address_and_a_secret(
    system: System, admin: dict[str, str]
) -> None:
    """The secret is shown once, and of letters and digits that survive WooCommerce's HTML."""
    told = await make(system, admin, base_url="https://Shop.Example/", currency="IRR")
    assert told["type"] == "woocommerce"
    assert told["base_url"] == "https://shop.example"
    assert told["user"]["email"] == "store-admin@example.com"
    assert told["webhook_url"].endswith(f"/api/integrations/woocommerce/webhook/{told['id']}/")
    secret = told["webhook_secret"]
    assert secret.removeprefix("whsec_").isalnum()
    assert await live_secrets(system, told["id"]) == [secret]
    shown = await read(system, admin, told["id"])
    assert "webhook_secret" not in shown
    assert shown == {name: value for name, value in told.items() if name != "webhook_secret"}


async def test_a_store_for_another_user(system: System, admin: dict[str, str], shop: Shop) -> None:
    """Who then sees what it sells; a user nobody knows is refused."""
    told = await make(system, admin, user_id=shop.user_id, type="custom")
    assert told["user"]["id"] == shop.user_id
    answer = await system.http.post(STORES, json={"name": "a", "user_id": 2**62}, headers=admin)
    assert answer.status_code == 404
    assert answer.json()["field"] == "user_id"


async def test_what_is_kept_is_sealed(system: System, admin: dict[str, str]) -> None:
    """No secret stands in the table or in an answer as it was given."""
    told = await make(system, admin, webhook_secret="chosen-by-the-shop", credentials=CREDENTIALS)
    async with system.database.reading() as connection:
        row = (await connection.exec_driver_sql("SELECT * FROM stores WHERE id = %s", (told["id"],))).one()
    shown = repr(row) + repr(await read(system, admin, told["id"]))
    for secret in ("chosen-by-the-shop", *CREDENTIALS.values()):
        assert secret not in shown
    assert SecretBox((SECRET_KEY,)).decrypt_fields(row.credentials) == CREDENTIALS
    assert await live_secrets(system, told["id"]) == ["chosen-by-the-shop"]


@pytest.mark.parametrize(
    ("asked", "field"),
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
        ({"webhook_secret": "short"}, "webhook_secret"),
        ({"webhook_secret": "with spaces in it"}, "webhook_secret"),
        ({"type": "custom", "webhook_secret": "not-a-standard-secret"}, "webhook_secret"),
        ({"credentials": {"consumer_key": "ck_0123456789"}}, "credentials"),
        ({"type": "shopify", "credentials": CREDENTIALS}, "credentials"),
        ({"type": "custom", "credentials": CREDENTIALS}, "credentials"),
        ({"id": 7}, "id"),
    ],
)
async def test_what_cannot_be_is_refused_by_its_name(
    asked: dict[str, Any], field: str, system: System, admin: dict[str, str]
) -> None:
    """And no secret is repeated."""
    answer = await system.http.post(STORES, json={"name": "a", **asked}, headers=admin)
    assert answer.status_code == 400, answer.text
    assert answer.json()["field"] == field
    assert "cs_" not in answer.text


async def test_a_setting_lets_shops_be_on_private_networks(
    system: System, admin: dict[str, str], configure: Configure
) -> None:
    """For shops beside us, and for trying things out."""
    async with serving(configure(allow_private_shops=True, public_url="https://sync.example/")) as http:
        answer = await http.post(
            STORES, json={"name": "a", "base_url": "http://127.0.0.1:8080"}, headers=admin
        )
    assert answer.status_code == 201
    told = answer.json()
    assert told["base_url"] == "http://127.0.0.1:8080"
    assert told["webhook_url"].startswith("https://sync.example/api/")


async def test_only_what_is_named_changes(system: System, admin: dict[str, str]) -> None:
    """Null takes away what may be missing; the type stays."""
    told = await make(system, admin, currency="IRT", base_url="https://shop.example", credentials=CREDENTIALS)
    address = f"{STORES}{told['id']}/"
    changed = (await system.http.patch(address, json={"name": "تازه"}, headers=admin)).json()
    assert (changed["name"], changed["currency"]) == ("تازه", "IRT")
    assert changed["has_credentials"]
    changed = (await system.http.patch(address, json={"currency": None}, headers=admin)).json()
    assert (changed["name"], changed["currency"]) == ("تازه", None)
    changed = (await system.http.patch(address, json={"credentials": None}, headers=admin)).json()
    assert not changed["has_credentials"]
    refused = await system.http.patch(address, json={"type": "shopify"}, headers=admin)
    assert refused.status_code == 400


async def test_credentials_do_not_follow_to_another_host(system: System, admin: dict[str, str]) -> None:
    """Unless they are given with it; a path of the same host is the same shop."""
    told = await make(system, admin, base_url="https://shop.example", credentials=CREDENTIALS)
    address = f"{STORES}{told['id']}/"

    async def change(**asked: Any) -> bool:
        has: bool = (await system.http.patch(address, json=asked, headers=admin)).json()["has_credentials"]
        return has

    assert await change(base_url="https://shop.example/wp")
    assert not await change(base_url="https://other.example")
    assert await change(base_url="https://third.example", credentials=CREDENTIALS)


async def test_a_secret_is_rotated_with_an_overlap(system: System, admin: dict[str, str]) -> None:
    """Both count for a while; without an overlap the old one ends at once."""
    told = await make(system, admin)
    first = told["webhook_secret"]
    address = f"{STORES}{told['id']}/rotate-secret/"
    second = (await system.http.post(address, headers=admin)).json()["webhook_secret"]
    assert await live_secrets(system, told["id"]) == [second, first]
    assert (await read(system, admin, told["id"]))["old_secret_until"] is not None
    third = (await system.http.post(address, json={"overlap_hours": 0}, headers=admin)).json()
    assert await live_secrets(system, told["id"]) == [third["webhook_secret"]]
    assert third["old_secret_until"] is None
    chosen = await system.http.post(address, json={"webhook_secret": "shpss_0123456789"}, headers=admin)
    assert chosen.json()["webhook_secret"] == "shpss_0123456789"


async def test_stores_are_listed_newest_first(system: System, admin: dict[str, str], shop: Shop) -> None:
    """All, or those of a user or type, in pages."""
    made = [await make(system, admin, user_id=shop.user_id, type=t) for t in ("shopify", "custom")]

    async def listed(**asked: Any) -> list[int]:
        params = {"user_id": shop.user_id, **asked}
        page = (await system.http.get(STORES, params=params, headers=admin)).json()
        return [store["id"] for store in page["results"]]

    assert await listed() == [made[1]["id"], made[0]["id"], shop.store_id]
    assert await listed(type="shopify") == [made[0]["id"]]
    assert await listed(page_size=1, page=2) == [made[0]["id"]]


async def test_a_removed_store_leaves_nothing(system: System, admin: dict[str, str], shop: Shop) -> None:
    """Its token opens nothing, its products are found by nobody, its events are gone."""
    await shop.sync({"id": 1, "name": "چراغ مطالعه", "description": "نور گرم"})
    owner = await session_of(system, shop.user_id)
    address = f"{STORES}{shop.store_id}/"
    assert (await system.http.delete(address, headers=admin)).status_code == 204
    assert (await shop.send({"id": 2, "name": "b"})).json()["detail"] == "Invalid token"
    found = await system.http.post("/api/v1/knowledge/search/", json={"query": "چراغ"}, headers=owner)
    assert found.json()["results"] == []
    for table in ("events", "products", "tenant_knowledge", "integration_tokens"):
        assert await shop.rows(f"SELECT id FROM {table} WHERE store_id = :store") == []
    for answer in (
        await system.http.get(address, headers=admin),
        await system.http.delete(address, headers=admin),
        await system.http.patch(address, json={"name": "a"}, headers=admin),
        await system.http.post(f"{address}rotate-secret/", headers=admin),
    ):
        assert answer.status_code == 404


async def test_secrets_are_sealed_anew_with_the_first_key(system: System, admin: dict[str, str]) -> None:
    """Then the key before may go."""
    told = await make(system, admin, credentials=CREDENTIALS)
    new = "another key of thirty-two bytes or more"
    async with system.database.transaction() as connection:
        assert await stores.rotate_keys(connection, SecretBox((new, SECRET_KEY))) >= 1
    async with system.database.reading() as connection:
        assert await secrets(connection, told["id"], SecretBox((new,))) == [told["webhook_secret"]]
    async with system.database.transaction() as connection:
        await stores.rotate_keys(connection, SecretBox((SECRET_KEY, new)))
    assert await live_secrets(system, told["id"]) == [told["webhook_secret"]]
