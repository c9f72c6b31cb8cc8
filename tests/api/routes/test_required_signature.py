"""A store may require that deliveries with a token are signed as well."""

from datetime import UTC, datetime

import httpx2
import orjson
import pytest
import pytest_asyncio
from standardwebhooks import Webhook

from crypto import SecretBox
from database.access import stores
from tests.support import deliveries
from tests.support.deliveries import Sent
from tests.support.network.wire import wired
from tests.support.sessions import session
from tests.support.shop import Shop
from tests.support.system import System

WEBHOOK = "/api/integrations/woocommerce/webhook/"
STORES = "/api/v1/integrations/stores/"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw0123456789ab"
EVENT = {"event_id": "evt", "event_type": "product.updated", "product": {"id": 5, "name": "کیف"}}


@pytest_asyncio.fixture
async def admin(system: System) -> dict[str, str]:
    return await session(system, "signature-admin@example.com", is_staff=True)


@pytest_asyncio.fixture
async def strict(system: System, admin: dict[str, str]) -> Shop:
    """A shop with a token and a store that requires signatures."""
    shop = await system.shop(webhook_secret=SECRET)
    assert (await required(shop, admin, value=True)).json()["require_signature"] is True
    return shop


async def required(shop: Shop, admin: dict[str, str], *, value: bool) -> httpx2.Response:
    address = f"{STORES}{shop.store_id}/"
    return await shop.http.patch(address, json={"require_signature": value}, headers=admin)


async def post(shop: Shop, sent: Sent) -> httpx2.Response:
    return await shop.http.post(WEBHOOK, content=sent.body, headers={**sent.headers, **shop.headers})


async def test_a_delivery_without_a_signature_is_refused(strict: Shop, admin: dict[str, str]) -> None:
    """With a signature it is accepted, and without the requirement as well."""
    unsigned = Sent({}, orjson.dumps(EVENT))
    refused = await post(strict, unsigned)
    assert (refused.status_code, refused.json()) == (401, {"detail": "Signature required"})
    assert await strict.rows("SELECT id FROM events WHERE store_id = :store") == []
    assert (await post(strict, deliveries.custom(EVENT, SECRET))).status_code == 202
    assert (await required(strict, admin, value=False)).json()["require_signature"] is False
    assert (await post(strict, Sent({}, orjson.dumps({**EVENT, "event_id": "evt2"})))).status_code == 202


async def test_the_body_of_an_unsigned_delivery_is_not_received(strict: Shop, system: System) -> None:
    """The 401 comes while the body is on its way, also for a header without the form of a signature."""
    for line in ("X-None: 1", "webhook-signature: v1,AAAA"):
        async with wired(system) as wire:
            token = f"Authorization: {strict.headers['Authorization']}"
            await wire.send(
                f"POST {WEBHOOK} HTTP/1.1", "Host: pilito", token, line, "Content-Length: 5000000"
            )
            assert (await wire.answered()).startswith(b"HTTP/1.1 401 ")


@pytest.mark.parametrize(
    "sent",
    [
        deliveries.custom(EVENT, "whsec_" + "A" * 40),
        Sent(deliveries.custom(EVENT, SECRET).headers, orjson.dumps({**EVENT, "event_id": "other"})),
    ],
    ids=["another secret", "another body"],
)
async def test_a_wrong_signature_is_refused(strict: Shop, sent: Sent) -> None:
    """Of every kind."""
    refused = await post(strict, sent)
    assert (refused.status_code, refused.json()) == (401, {"detail": "Invalid signature"})


async def test_a_secret_without_a_prefix_is_the_key_itself(system: System) -> None:
    """The plugin signs with the secret as it was pasted."""
    shop = await system.shop(webhook_secret="chosen by the shop")
    plain = Webhook(b"chosen by the shop")
    at, body = datetime.now(UTC), orjson.dumps(EVENT)
    headers = {
        "webhook-id": "evt",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": plain.sign("evt", at, body.decode()),
    }
    assert (await post(shop, Sent(headers, body))).status_code == 202
    assert (await post(shop, Sent(headers, body + b" "))).status_code == 401


async def test_a_store_without_a_secret_cannot_require_signatures(
    system: System, admin: dict[str, str]
) -> None:
    """The response names the field; a new store has a secret and can."""
    shop = await system.shop()
    refused = await required(shop, admin, value=True)
    assert (refused.status_code, refused.json()["field"]) == (400, "require_signature")
    made = await system.http.post(STORES, json={"name": "a", "require_signature": True}, headers=admin)
    assert (made.status_code, made.json()["require_signature"]) == (201, True)


async def test_the_new_secret_is_required_after_a_rotation(strict: Shop, system: System) -> None:
    """The required signature is verified with the secrets that are valid now."""
    new = "whsec_" + "b" * 40
    async with system.database.transaction() as connection:
        encrypted = SecretBox(system.settings.secret_keys).encrypt(new)
        await stores.change(connection, strict.store_id, {"webhook_secret": encrypted})
    assert (await post(strict, deliveries.custom(EVENT, SECRET))).status_code == 401
    assert (await post(strict, deliveries.custom(EVENT, new))).status_code == 202
