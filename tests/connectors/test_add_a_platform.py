"""The guide to adding a platform, followed in a copy of the product."""

import asyncio
import json
import os
import re
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest

from api.i18n import MESSAGES
from connectors.registry import PLATFORMS
from contracts.stores import StoreType
from embedded.ports import free_ports
from fakes.openai import EmbeddingServer
from settings import Settings
from tests.support.deliveries import Sent, hmac_of
from tests.support.environment import Configure, another_database
from tests.support.eventually import eventually
from tests.support.sessions import session, session_of
from tests.support.shop import Shop
from tests.support.system import forget_schedules, running
from tests.test_architecture import PARTS, ROOT

GUIDE = ROOT / "docs" / "how-to" / "add-a-platform.md"
EXAMPLE = Path(__file__).parent / "magento"

STORE_TYPES = ("contracts/stores.py", '    CUSTOM = "custom"\n')
IMPORTS = ("connectors/registry.py", "from connectors.shopify.catalogue import ShopifyReader\n")
RECORDS = ("connectors/registry.py", "    StoreType.CUSTOM: Platform(\n")


def test_every_store_type_has_a_platform_of_its_own() -> None:
    """Each has its own token prefix, which the API uses to recognise integration tokens."""
    assert set(PLATFORMS) == set(StoreType)
    assert len({platform.token_format.prefix for platform in PLATFORMS.values()}) == len(PLATFORMS)


def insert(product: Path, place: tuple[str, str], code: str) -> None:
    """Insert lines in front of a line, with its indentation."""
    name, line = place
    indentation = line[: len(line) - len(line.lstrip())]
    added = "".join(f"{indentation}{new}\n" for new in code.splitlines())
    file = product / name
    source = file.read_text()
    assert source.count(line) == 1
    file.write_text(source.replace(line, added + line))


def follow_the_guide(product: Path) -> None:
    """Copy the product and do what each step of the guide says, with the code it shows."""
    ignored = shutil.ignore_patterns("__pycache__", "node_modules")
    for part in PARTS:
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, product / part, ignore=ignored)
        else:
            shutil.copy(ROOT / f"{part}.py", product)
    member, record = re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    insert(product, STORE_TYPES, member)
    shutil.copytree(EXAMPLE, product / "connectors" / "magento", ignore=ignored)
    insert(product, IMPORTS, "from connectors.magento.deliveries import MagentoDeliveries, MagentoDelivery")
    insert(product, RECORDS, record)


@asynccontextmanager
async def command(product: Path, name: str, settings: Settings, port: int) -> AsyncIterator[None]:
    """Run `pilito NAME` from the copy, in a process of its own."""
    key = settings.openai_api_key
    environment = {
        "PYTHONPATH": str(product),
        "PILITO_DATABASE_URL": settings.database_url or "",
        "PILITO_TEMPORAL_ADDRESS": settings.temporal_address or "",
        "PILITO_TASK_QUEUE": settings.task_queue,
        "PILITO_EMBEDDING_DIMENSIONS": str(settings.embedding_dimensions),
        "PILITO_DEBOUNCE_SECONDS": "0",
        "PILITO_SECRET_KEY": settings.secret_keys[0],
        "PILITO_API_PORT": str(port),
        "OPENAI_API_KEY": key.get_secret_value() if key else "",
        "OPENAI_BASE_URL": str(settings.openai_base_url),
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cli", name), cwd=product, env={**os.environ, **environment}
    )
    try:
        yield
        assert process.returncode is None
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def answers(http: httpx2.AsyncClient) -> bool:
    try:
        return (await http.get("/readyz")).status_code == 200
    except httpx2.TransportError:
        return False


@pytest.mark.timeout(180)
async def test_a_platform_added_as_the_guide_says_works(
    configure: Configure, postgres_url: str, embeddings: EmbeddingServer, tmp_path: Path
) -> None:
    """A token, a signed delivery and its explanation, in an API and a worker that run from the copy."""
    follow_the_guide(tmp_path)
    settings = configure(database_url=another_database(postgres_url, "magento"), task_queue="magento")
    (port,) = free_ports(1)
    async with (
        running(settings, work=False) as system,
        command(tmp_path, "api", settings, port),
        command(tmp_path, "worker", settings, port),
        httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as http,
    ):
        await eventually(lambda: answers(http), what="the API of the copy")
        admin = await session(system, "magento@example.com", is_staff=True)
        made = await http.post(
            "/api/v1/integrations/tokens/generate/", json={"integration_type": "magento"}, headers=admin
        )
        assert made.status_code == 201, made.text
        token = made.json()
        assert re.fullmatch("mg_live_[a-z0-9]{40}", token["token"])
        assert token["store"]["name"] == "Magento shop"

        shop = Shop(
            http,
            system.database,
            system.temporal,
            token["user"]["id"],
            token["store"]["id"],
            token["id"],
            token["token"],
            system.settings.task_queue,
        )
        body = json.dumps({"entity_id": 77, "label": "سماور برنجی", "price": "12,500"}).encode()
        secret = token["store"]["webhook_secret"]
        assert (await shop.deliver(Sent({}, body), "magento")).status_code == 401
        signature = {"x-magento-signature": hmac_of(secret, body)}
        taken = await shop.deliver(Sent(signature, body), "magento")
        assert taken.status_code == 202, taken.text
        event = await shop.ended(taken.json()["event_id"])
        assert (event["status"], event["external_id"]) == ("succeeded", "magento_77")

        explained = await http.get(
            "/api/v1/web-knowledge/explain/",
            params={"store": shop.store_id, "external_id": "magento_77"},
            headers=await session_of(system, shop.user_id),
        )
        assert (explained.status_code, explained.json()["message"]) == (200, MESSAGES["explain.known"]["fa"])
        assert await shop.found("سماور") == ["magento_77"]
        document = (await http.get("/openapi.json")).json()
        assert "/api/integrations/magento/webhook/{store_id}/" in document["paths"]
        await forget_schedules(system.temporal, settings.task_queue)
