"""What a first start leaves ready to use: an admin, a demo store with its token, and a sample catalogue."""

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import orjson

from connectors.registry import PLATFORMS
from contracts.stores import StoreType
from crypto import SecretBox
from database.access import tokens, users
from database.access.provision import issue_token, save_user
from database.engine import Database, create_engine
from settings import Settings

DEMO_STORE = "Demo shop"
SAMPLE = Path(__file__).with_name("sample_catalogue.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """What the first start prints; `password` is set only if it was generated just now."""

    email: str
    password: str | None
    store_id: int
    token: str


async def prepare(settings: Settings) -> Ready:
    """Create what is missing. The secret of the demo token is stored in the state directory."""
    database = Database(create_engine(settings.database_url or "", pool_size=1))
    try:
        email, password = settings.admin_email.lower(), None
        async with database.reading() as connection:
            admin = await users.find_user(connection, email)
        if admin is None:
            given = settings.admin_password
            password = given.get_secret_value() if given else secrets.token_urlsafe(12)
            await save_user(database, email=email, password=password, is_staff=True)
            password = None if given else password
        return await _demo(settings, database, email, password)
    finally:
        await database.close()


async def _demo(settings: Settings, database: Database, email: str, password: str | None) -> Ready:
    secret_file = settings.state_dir / "demo-token"
    if secret_file.exists():
        secret = secret_file.read_text().strip()
        async with database.reading() as connection:
            integration = await tokens.find(connection, secret)
        if integration is not None and integration.is_active:
            return Ready(email=email, password=password, store_id=integration.store_id, token=secret)
    made = await issue_token(
        database,
        SecretBox(settings.secret_keys),
        email=email,
        store_name=DEMO_STORE,
        name="Demo token",
        integration_type=StoreType.WOOCOMMERCE,
        token_format=PLATFORMS[StoreType.WOOCOMMERCE].token_format,
        currency="IRT",
    )
    if made is None:
        raise RuntimeError(f"the admin {email} vanished while the demo store was made")
    issued, _ = made
    secret_file.touch(mode=0o600)
    secret_file.write_text(issued.secret)
    return Ready(email=email, password=password, store_id=issued.store_id, token=issued.secret)


def sample_products() -> list[dict[str, Any]]:
    products: list[dict[str, Any]] = orjson.loads(SAMPLE.read_bytes())
    return products


def send_sample(api: str, token: str) -> int:
    """Send the sample catalogue as a shop would. Returns how many events were new."""
    new = 0
    with httpx2.Client(base_url=api, headers={"Authorization": f"Bearer {token}"}, timeout=10) as shop:
        for product in sample_products():
            event = {"event_id": f"sample-1-{product['id']}", "event_type": "product.created"}
            answer = shop.post(
                "/api/integrations/woocommerce/webhook/", json={**event, "product": product}
            ).raise_for_status()
            new += answer.status_code == 202
    return new
