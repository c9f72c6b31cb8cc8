"""Integration tokens over HTTP: shown once, changed at any time, rotated without a gap."""

import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
import pytest_asyncio

from tests.support.environment import Configure
from tests.support.sessions import session
from tests.support.shop import Shop
from tests.support.system import System, serving

TOKENS = "/api/v1/integrations/tokens/"
GENERATE = f"{TOKENS}generate/"
HEALTH = "/api/integrations/woocommerce/health/"


@pytest_asyncio.fixture(scope="module")
async def admin(system: System) -> dict[str, str]:
    return await session(system, "token-admin@example.com", is_staff=True)


async def generate(system: System, admin: dict[str, str], **fields: Any) -> dict[str, Any]:
    answer = await system.http.post(GENERATE, json=fields, headers=admin)
    assert answer.status_code == 201, answer.text
    issued: dict[str, Any] = answer.json()
    return issued


async def health(http: httpx2.AsyncClient, secret: str) -> httpx2.Response:
    return await http.get(HEALTH, headers={"Authorization": f"Bearer {secret}"})


async def refusal(http: httpx2.AsyncClient, secret: str) -> str | None:
    """Returns why a token is refused; None if it is accepted."""
    answer = await health(http, secret)
    return None if answer.status_code == 200 else answer.json()["detail"]


async def test_a_token_comes_with_a_store_and_its_secrets_once(system: System, admin: dict[str, str]) -> None:
    """The response of the contract, field by field."""
    issued = await generate(system, admin)
    assert issued["token"].startswith("wc_sk_live_")
    assert len(issued["token"]) == len("wc_sk_live_") + 40
    assert issued["token_preview"] == f"{issued['token'][:6]}...{issued['token'][-6:]}"
    assert issued["integration_type"] == "woocommerce"
    assert issued["name"] == "Integration Token"
    assert issued["user"]["email"] == "token-admin@example.com"
    assert issued["store"]["webhook_secret"].startswith("whsec_")
    assert issued["message"] == "⚠️ این token فقط یکبار نمایش داده می‌شود. لطفاً آن را کپی کنید."
    assert (await health(system.http, issued["token"])).json()["store"]["id"] == issued["store"]["id"]


@pytest.mark.parametrize(
    ("integration_type", "prefix", "length"),
    [("woocommerce", "wc_sk_live_", 40), ("shopify", "shpat_", 32), ("custom", "pk_live_", 40)],
)
async def test_each_type_has_its_format(
    integration_type: str, prefix: str, length: int, system: System, admin: dict[str, str]
) -> None:
    """The prefix shows the type of the token."""
    issued = await generate(system, admin, integration_type=integration_type)
    assert issued["token"].startswith(prefix)
    assert len(issued["token"]) == len(prefix) + length


async def test_a_token_for_another_user_and_for_an_existing_store(
    system: System, admin: dict[str, str], shop: Shop
) -> None:
    """The webhook secret of an existing store is not shown."""
    for fields in ({"user_id": shop.user_id, "store_id": shop.store_id}, {"store_id": shop.store_id}):
        issued = await generate(system, admin, **fields)
        assert issued["user"]["id"] == shop.user_id
        assert issued["store"]["id"] == shop.store_id
        assert issued["store"]["webhook_secret"] is None
    made = await generate(system, admin, user_id=shop.user_id)
    assert made["user"]["id"] == shop.user_id
    assert made["store"]["id"] != shop.store_id


@pytest.mark.parametrize(
    ("fields", "status", "field"),
    [
        ({"user_id": 2**62}, 404, "user_id"),
        ({"store_id": 2**62}, 404, "store_id"),
        ({"integration_type": "magento"}, 400, "integration_type"),
        ({"name": ""}, 400, "name"),
        ({"name": "a\x00b"}, 400, "name"),
        ({"allowed_ips": ["10.0.0.1/99"]}, 400, "allowed_ips.0"),
        ({"allowed_ips": ["fe80::1%eth0"]}, 400, "allowed_ips.0"),
        ({"allowed_ips": "10.0.0.1"}, 400, "allowed_ips"),
        ({"expires_at": "2001-01-01T00:00:00Z"}, 400, "expires_at"),
        ({"expires_at": "tomorrow"}, 400, "expires_at"),
        ({"token": "mine"}, 400, "token"),
    ],
)
async def test_an_invalid_field_is_named(
    fields: dict[str, Any], status: int, field: str, system: System, admin: dict[str, str]
) -> None:
    """No token is created."""
    answer = await system.http.post(GENERATE, json=fields, headers=admin)
    assert answer.status_code == status
    assert answer.json()["field"] == field


async def test_a_store_of_another_user_or_type_is_refused(
    system: System, admin: dict[str, str], shop: Shop
) -> None:
    """The one is a 404 for that user, the other a 400."""
    other = await system.shop()
    answer = await system.http.post(
        GENERATE, json={"user_id": other.user_id, "store_id": shop.store_id}, headers=admin
    )
    assert answer.status_code == 404
    answer = await system.http.post(
        GENERATE, json={"store_id": shop.store_id, "integration_type": "shopify"}, headers=admin
    )
    assert answer.status_code == 400
    assert answer.json()["field"] == "integration_type"


async def test_the_secret_is_in_one_answer_and_nowhere_else(
    system: System, admin: dict[str, str], shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    """Not in a list, a row, a log, or the events that were sent with it."""
    caplog.set_level(logging.DEBUG)
    issued = await generate(system, admin, store_id=shop.store_id)
    secret = issued["token"]
    event = {"event_id": "secret-1", "event_type": "product.updated", "product": {"id": 1, "name": "a"}}
    sent = await system.http.post(
        "/api/integrations/woocommerce/webhook/", json=event, headers={"Authorization": f"Bearer {secret}"}
    )
    assert sent.status_code == 202
    row = await shop.ended("secret-1")
    shown = [
        (await system.http.get(TOKENS, headers=admin)).text,
        (await system.http.get(f"{TOKENS}{issued['id']}/", headers=admin)).text,
        (await health(system.http, secret)).text,
        (await health(system.http, secret + "x")).text,
        repr(row),
        repr(await shop.rows("SELECT * FROM integration_tokens")),
        (await system.temporal.get_workflow_handle(shop.workflow_id("secret-1")).fetch_history()).to_json(),
        caplog.text,
    ]
    for text in shown:
        assert secret not in text
        assert secret[11:] not in text


async def test_tokens_are_listed_newest_first_in_pages(
    system: System, admin: dict[str, str], shop: Shop
) -> None:
    """Filtered by owner, store, type and state."""
    made = [await generate(system, admin, store_id=shop.store_id, name=f"token {n}") for n in range(3)]
    await system.http.patch(f"{TOKENS}{made[0]['id']}/", json={"is_active": False}, headers=admin)

    async def listed(**fields: Any) -> dict[str, Any]:
        answer = await system.http.get(TOKENS, params={"store": shop.store_id, **fields}, headers=admin)
        page: dict[str, Any] = answer.json()
        return page

    page = await listed(page_size=2)
    assert page["count"] == 4  # with the shop's own
    assert [token["name"] for token in page["results"]] == ["token 2", "token 1"]
    assert page["previous"] is None
    following = (await system.http.get(page["next"], headers=admin)).json()
    assert following["results"][0]["name"] == "token 0"
    assert following["next"] is None
    assert (await listed(is_active="false"))["results"][0]["id"] == made[0]["id"]
    assert (await listed(user_id=shop.user_id))["count"] == 4
    assert (await listed(integration_type="shopify"))["count"] == 0


async def test_a_change_applies_to_the_next_request_of_every_process(
    system: System, admin: dict[str, str], configure: Configure
) -> None:
    """Deactivated, expired, bound to addresses, revoked."""
    issued = await generate(system, admin)
    address = f"{TOKENS}{issued['id']}/"
    past = (datetime.now(UTC) - timedelta(minutes=1)).isoformat()
    steps: list[tuple[dict[str, Any], str | None]] = [
        ({"is_active": False}, "Token is inactive"),
        ({"is_active": True}, None),
        ({"expires_at": past}, "Token has expired"),
        ({"expires_at": None}, None),
        ({"allowed_ips": ["203.0.113.7"]}, "IP address not allowed"),
        ({"allowed_ips": ["2001:db8::/32"]}, "IP address not allowed"),
        ({"allowed_ips": ["127.0.0.0/8"]}, None),
        ({"allowed_ips": []}, None),
        ({"name": "فروشگاه"}, None),
    ]
    async with serving(configure()) as other:
        for change, said in steps:
            answer = await system.http.patch(address, json=change, headers=admin)
            assert answer.status_code == 200
            for http in (system.http, other):
                assert await refusal(http, issued["token"]) == said
        assert (await system.http.get(address, headers=admin)).json()["name"] == "فروشگاه"
        assert (await system.http.delete(address, headers=admin)).status_code == 204
        for http in (system.http, other):
            assert await refusal(http, issued["token"]) == "Invalid token"
    assert (await system.http.delete(address, headers=admin)).status_code == 404


async def test_addresses_have_one_spelling(system: System, admin: dict[str, str]) -> None:
    """Host bits of networks are removed; IPv4 in IPv6 notation is IPv4."""
    issued = await generate(
        system, admin, allowed_ips=["10.1.2.3/8", " 203.0.113.7 ", "::ffff:198.51.100.4", "2001:DB8::1/128"]
    )
    shown = (await system.http.get(f"{TOKENS}{issued['id']}/", headers=admin)).json()
    assert shown["allowed_ips"] == ["10.0.0.0/8", "203.0.113.7", "198.51.100.4", "2001:db8::1"]


async def test_behind_a_proxy_that_writes_ports_the_address_is_the_clients(
    system: System, admin: dict[str, str], configure: Configure
) -> None:
    """The limits of a token hold for the shop, and an address that cannot be read opens nothing."""
    issued = await generate(system, admin, allowed_ips=["203.0.113.7", "2001:db8::/32"])
    async with serving(configure(trusted_proxies="127.0.0.1")) as http:
        for forwarded, said in (
            ("203.0.113.7:51544", None),
            ("[2001:db8::5]:443", None),
            ("203.0.113.8:51544", "IP address not allowed"),
            ("203.0.113.7:51544, 198.51.100.1:80", "IP address not allowed"),
            ("203.0.113.7, unknown", "IP address not allowed"),
        ):
            sent = {"Authorization": f"Bearer {issued['token']}", "X-Forwarded-For": forwarded}
            answer = await http.get("/api/integrations/woocommerce/health/", headers=sent)
            assert answer.json().get("detail") == said


async def test_rotation_leaves_no_gap(system: System, admin: dict[str, str]) -> None:
    """Both work during the overlap; the new one has the terms of the old one."""
    issued = await generate(system, admin, name="shop", allowed_ips=["127.0.0.1"])
    answer = await system.http.post(
        f"{TOKENS}{issued['id']}/rotate/", json={"overlap_hours": 1}, headers=admin
    )
    assert answer.status_code == 201
    new = answer.json()
    assert new["token"] != issued["token"]
    assert (new["name"], new["store"]["id"]) == ("shop", issued["store"]["id"])
    assert await refusal(system.http, issued["token"]) is None
    assert await refusal(system.http, new["token"]) is None
    old = (await system.http.get(f"{TOKENS}{issued['id']}/", headers=admin)).json()
    ends_in = datetime.fromisoformat(old["expires_at"]) - datetime.now(UTC)
    assert timedelta(minutes=59) < ends_in <= timedelta(hours=1)
    shown = (await system.http.get(f"{TOKENS}{new['id']}/", headers=admin)).json()
    assert shown["allowed_ips"] == ["127.0.0.1"]
    assert shown["expires_at"] is None


async def test_rotation_without_overlap_ends_the_old_one_at_once(
    system: System, admin: dict[str, str]
) -> None:
    """An inactive or expired token cannot be rotated."""
    issued = await generate(system, admin)
    address = f"{TOKENS}{issued['id']}/rotate/"
    assert (await system.http.post(address, json={"overlap_hours": 0}, headers=admin)).status_code == 201
    assert await refusal(system.http, issued["token"]) == "Token has expired"
    assert (await system.http.post(address, headers=admin)).status_code == 409


async def test_rotation_never_makes_a_token_last_longer(system: System, admin: dict[str, str]) -> None:
    """A token that expires before the end of the overlap keeps its end."""
    ends = datetime.now(UTC) + timedelta(minutes=10)
    issued = await generate(system, admin, expires_at=ends.isoformat())
    await system.http.post(f"{TOKENS}{issued['id']}/rotate/", json={"overlap_hours": 24}, headers=admin)
    old = (await system.http.get(f"{TOKENS}{issued['id']}/", headers=admin)).json()
    assert datetime.fromisoformat(old["expires_at"]) == ends
