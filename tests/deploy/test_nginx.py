"""The shipped configuration of nginx, before two API processes that are replaced under load."""

import asyncio
from collections import Counter
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import httpx2
import pytest

from database.engine import Database, create_engine
from settings import Settings
from temporal.client import connect
from tests.deploy.proxy import NAME, ApiProcess, nginx, program
from tests.support.environment import SECRET_KEY, Configure
from tests.support.sessions import session
from tests.support.shop import Shop
from tests.support.system import System

PER_SECOND = 5

LARGE = "قالی " * 200_000
"""A description of more bytes than nginx accepts by default."""


@pytest.fixture(scope="module", autouse=True)
def _installed() -> None:
    program()


def environment(settings: Settings) -> dict[str, str]:
    return {
        "PILITO_DATABASE_URL": settings.database_url or "",
        "PILITO_TEMPORAL_ADDRESS": settings.temporal_address or "",
        "PILITO_TASK_QUEUE": settings.task_queue,
        "PILITO_SECRET_KEY": SECRET_KEY,
        "PILITO_TRUSTED_PROXIES": "127.0.0.1",
        "OPENAI_API_KEY": "test",
    }


@dataclass
class Load:
    """Changes that a shop sends at a steady pace, and what became of them."""

    shop: Shop
    accepted: set[str] = field(default_factory=set)
    answers: Counter[int] = field(default_factory=Counter)
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Send until `ended` is set; fails on an answer that is neither 2xx nor an honest 503."""
        async with asyncio.TaskGroup() as group:
            for number in count(1):
                group.create_task(self._send(f"rolled-{number}", number))
                with suppress(TimeoutError):
                    await asyncio.wait_for(self.ended.wait(), 1 / PER_SECOND)
                if self.ended.is_set():
                    return

    async def _send(self, event_id: str, number: int) -> None:
        answer = await self.shop.send({"id": number, "name": "گلیم"}, event_id=event_id)
        self.answers[answer.status_code] += 1
        if answer.status_code == 503:
            assert int(answer.headers["Retry-After"]) > 0
            assert "error" in answer.json()
        else:
            assert answer.status_code in (200, 202), answer.text
            self.accepted.add(event_id)


async def test_two_apis_are_replaced_behind_nginx_and_nothing_is_lost(
    configure: Configure, tmp_path: Path
) -> None:
    """Shops get no 502, each accepted event has a row, and the outside sees what it may see.

    The socket of the first one stays open while it restarts; the second one refuses connections then.
    """
    settings = configure(task_queue="behind-nginx")
    apis = [ApiProcess(environment(settings), activated=activated) for activated in (True, False)]
    async with AsyncExitStack() as stack:
        for api in apis:
            stack.push_async_callback(api.stop)
            if api.listener:
                stack.callback(api.listener.close)
        await asyncio.gather(*(api.start() for api in apis))
        http = await stack.enter_async_context(nginx(tmp_path, *(api.port for api in apis)))
        database = Database(create_engine(settings.database_url or "", pool_size=2))
        stack.push_async_callback(database.close)
        temporal = await connect(settings.temporal_address or "", "default", prompt=True)
        system = System(settings, database, temporal, http)
        shop = await system.shop()

        load = Load(shop)
        sending = asyncio.create_task(load.run())
        for api in apis:
            await api.stop()
            await api.start()
        load.ended.set()
        await sending
        assert load.answers[202] > PER_SECOND, load.answers
        stored = await shop.rows("SELECT event_id FROM events WHERE store_id = :store")
        assert load.accepted == {row["event_id"] for row in stored}

        await what_is_seen_from_outside(http, system, shop)
        await asyncio.gather(*(api.stop() for api in apis))
        if listener := apis[0].listener:
            listener.close()
        down = await shop.send({"id": 1})
        assert (down.status_code, down.headers["Retry-After"]) == (503, "5")
        assert "try again" in down.json()["error"]


async def what_is_seen_from_outside(http: httpx2.AsyncClient, system: System, shop: Shop) -> None:
    """Large bodies pass, metrics are hidden, and scheme and host come from the proxy."""
    assert (await shop.send({"id": 7, "name": "قالی", "description": LARGE})).status_code == 202
    too_large = await http.post("/api/integrations/woocommerce/webhook/", content=b"0" * (9 << 20) + b"0")
    assert (too_large.status_code, list(too_large.json())) == (413, ["error"])
    address = str(http.base_url).rstrip("/")
    for path in ("/metrics", "/metrics/", "//metrics", "/%6detrics", "/console/../metrics", "/readyz"):
        assert (await http.get(f"{address}{path}")).status_code == 404, path
    assert (await http.get("/healthz")).json() == {"status": "ok"}
    admin = await session(system, "behind-nginx@example.com", is_staff=True)
    forged = {
        "X-Forwarded-Proto": "http",
        "X-Forwarded-Host": "evil.example",
        "Forwarded": "host=evil.example",
    }
    answer = await http.get(f"/api/v1/integrations/stores/{shop.store_id}/", headers={**admin, **forged})
    assert answer.json()["webhook_url"].startswith(f"https://{NAME}/api/integrations/")
