"""The whole service on real parts, and a shop that uses it."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

import httpx2
import uvicorn
from sqlalchemy import text
from temporalio.client import Client, ScheduleDescription, WorkflowFailureError
from temporalio.client import ScheduleActionExecutionStartWorkflow as Started

from activities.counters import Counters
from api.app import create_app
from api.middleware.http_protocol import bounded
from connectors.registry import PLATFORMS
from contracts.events import TERMINAL
from contracts.ids import event_inbox_id, event_retention_id, product_event_id, store_schedules_id
from contracts.stores import StoreType
from crypto import SecretBox
from database.access import stores, tokens, users
from database.engine import Database, create_engine
from embedded.ports import free_ports
from embeddings.openai import create_embedder
from settings import Settings
from temporal.client import connect
from temporal.schedules import ensure_schedules
from temporal.store_schedules import StoreSchedules
from tests.support.conformance import Conformance
from tests.support.deliveries import Sent
from worker import Share, Workers, build

PATIENCE = 60.0
FINAL = [status.value for status in TERMINAL]

Answer = TypeVar("Answer")
_numbers = itertools.count(1)


async def eventually(
    ask: Callable[[], Awaitable[Answer]],
    good: Callable[[Answer], bool] = bool,
    *,
    what: str = "",
    patience: float = PATIENCE,
) -> Answer:
    """Ask until the answer is good."""
    deadline = time.monotonic() + patience
    while True:
        answer = await ask()
        if good(answer):
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"{what or 'it'} never came true; last seen: {answer!r}")
        await asyncio.sleep(0.02)


@dataclass
class Shop:
    """A store with a token, as seen by its plugin and by whoever checks on it."""

    http: httpx2.AsyncClient
    database: Database
    temporal: Client
    user_id: int
    store_id: int
    token_id: int
    secret: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.secret}"}

    async def send(
        self,
        product: dict[str, Any],
        event_type: str = "product.updated",
        *,
        event_id: str | None = None,
        **extra: Any,
    ) -> httpx2.Response:
        body = {"event_id": event_id or f"evt-{next(_numbers)}", "event_type": event_type, **extra}
        return await self.http.post(
            "/api/integrations/woocommerce/webhook/",
            json={**body, "product": product},
            headers=self.headers,
        )

    async def deliver(self, sent: Sent, platform: str = "woocommerce") -> httpx2.Response:
        """Post a delivery of the shop's own."""
        return await self.http.post(
            f"/api/integrations/{platform}/webhook/{self.store_id}/", content=sent.body, headers=sent.headers
        )

    async def tell(self, product: dict[str, Any], event_type: str = "product.updated", **how: Any) -> str:
        """Send an event that must be accepted; answers its id."""
        answer = await self.send(product, event_type, **how)
        assert answer.status_code == 202, answer.text
        event_id: str = answer.json()["event_id"]
        return event_id

    async def event(self, event_id: str) -> dict[str, Any] | None:
        return await self.one(
            "SELECT * FROM events WHERE store_id = :store AND event_id = :event", event=event_id
        )

    async def ended(self, event_id: str, *, patience: float = PATIENCE) -> dict[str, Any]:
        """The event's row, once its run has ended."""
        row = await eventually(
            lambda: self.event(event_id),
            lambda row: row is not None and row["status"] in FINAL and row["finished_at"] is not None,
            what=f"the end of {event_id}",
            patience=patience,
        )
        assert row is not None
        return row

    async def closed(self, event_id: str) -> dict[str, Any]:
        """The event's row, once its workflow is closed as well and can be started again."""
        row = await self.ended(event_id)
        with suppress(WorkflowFailureError):
            await self.temporal.get_workflow_handle(self.workflow_id(event_id)).result()
        return row

    async def sync(self, product: dict[str, Any], event_type: str = "product.updated", **how: Any) -> str:
        """Send an event, wait for its end, answer its status."""
        status: str = (await self.ended(await self.tell(product, event_type, **how)))["status"]
        return status

    async def rows(self, sql: str, **values: Any) -> list[dict[str, Any]]:
        async with self.database.reading() as connection:
            found = await connection.execute(text(sql), {"store": self.store_id, **values})
            return [dict(row) for row in found.mappings()]

    async def one(self, sql: str, **values: Any) -> dict[str, Any] | None:
        rows = await self.rows(sql, **values)
        return rows[0] if rows else None

    async def product(self, number: int) -> dict[str, Any] | None:
        return await self.one(
            "SELECT * FROM products WHERE store_id = :store AND external_id = :id", id=f"woo_{number}"
        )

    async def chunks(self, number: int) -> list[dict[str, Any]]:
        """The live chunks of a product, in order."""
        return await self.rows(
            "SELECT k.* FROM tenant_knowledge k JOIN products p ON p.id = k.product_id"
            " WHERE p.store_id = :store AND p.external_id = :id AND k.is_live ORDER BY k.position",
            id=f"woo_{number}",
        )

    async def search(self, query: str, **asked: Any) -> list[dict[str, Any]]:
        answer = await self.http.post(
            "/api/v1/knowledge/search/", json={"query": query, **asked}, headers=self.headers
        )
        assert answer.status_code == 200, answer.text
        results: list[dict[str, Any]] = answer.json()["results"]
        return results

    async def found(self, query: str, **asked: Any) -> list[str]:
        return [hit["product"]["external_id"] for hit in await self.search(query, **asked)]

    def workflow_id(self, event_id: str) -> str:
        return product_event_id(self.store_id, event_id)


@dataclass
class System:
    """A running API and what it stands on; `made` are the stores that tests made without the API."""

    settings: Settings
    database: Database
    temporal: Client
    http: httpx2.AsyncClient
    made: list[int] = field(default_factory=list)

    async def shop(self, **terms: Any) -> Shop:
        """A new store of a new user."""
        name = f"shop{next(_numbers)}-{time.time_ns()}"
        async with self.database.transaction() as connection:
            user_id = await users.save_user(
                connection, email=f"{name}@example.com", password_hash="unused", is_staff=False
            )
        return await self.second_shop(user_id, **terms)

    async def second_shop(
        self,
        user_id: int,
        *,
        currency: str | None = None,
        store_type: str = "woocommerce",
        webhook_secret: str | None = None,
        base_url: str = "",
        credentials: dict[str, str] | None = None,
        integration_type: str = "woocommerce",
        **token: Any,
    ) -> Shop:
        """A new store of a user, whose shop is read only when a test says so."""
        secret_box = SecretBox(self.settings.secret_keys)
        async with self.database.transaction() as connection:
            store_id = await stores.create(
                connection,
                user_id=user_id,
                name=f"store{next(_numbers)}",
                currency=currency,
                type_=store_type,
                webhook_secret=secret_box.encrypt(webhook_secret) if webhook_secret else None,
                base_url=base_url,
                credentials=secret_box.encrypt_fields(credentials) if credentials else None,
            )
            await stores.change(connection, store_id, {"schedule": {"paused": True}})
            issued = await tokens.issue(
                connection,
                user_id=user_id,
                store_id=store_id,
                integration_type=integration_type,
                token_format=PLATFORMS[StoreType(integration_type)].token_format,
                **token,
            )
        self.made.append(store_id)
        return Shop(self.http, self.database, self.temporal, user_id, store_id, issued.id, issued.secret)


@asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[httpx2.AsyncClient]:
    """The API on a real socket, and a client that fails on answers its document does not tell."""
    (port,) = free_ports(1)
    app = create_app(settings)
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            host="127.0.0.1",
            port=port,
            log_level="warning",
            access_log=False,
            http=bounded(settings.request_timeout_seconds),
            proxy_headers=False,
        )
    )
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]  # pytest keeps its own
    task = asyncio.create_task(server._serve())
    try:
        await eventually(lambda: asyncio.sleep(0, server.started or task.done()), what="the API")
        async with httpx2.AsyncClient(
            base_url=f"http://127.0.0.1:{port}", timeout=30, event_hooks={"response": [Conformance(app)]}
        ) as http:
            yield http
    finally:
        server.should_exit = True
        await task


@asynccontextmanager
async def running(
    settings: Settings, *, work: bool = True, only: Share | None = None
) -> AsyncIterator[System]:
    """API and, unless told otherwise, a worker in this process."""
    assert settings.database_url
    assert settings.temporal_address
    database = Database(create_engine(settings.database_url, pool_size=5))
    temporal = await connect(settings.temporal_address, settings.temporal_namespace, prompt=True)
    try:
        async with serving(settings) as http:
            system = System(settings, database, temporal, http)
            async with working(settings, only) if work else nullcontext():
                yield system
            if work:
                await forget_keys(database, system.made)
    finally:
        await database.close()


async def forget_keys(database: Database, store_ids: Sequence[int]) -> None:
    """Leave no store that workers started later make schedules for."""
    async with database.transaction() as connection:
        for store_id in store_ids:
            await stores.change(connection, store_id, {"credentials": None})


@asynccontextmanager
async def working(settings: Settings, only: Share | None = None) -> AsyncIterator[Workers]:
    """A worker in this process, with connections of its own."""
    assert settings.database_url
    assert settings.temporal_address
    database = Database(create_engine(settings.database_url, pool_size=60))
    embedder = create_embedder(settings)
    try:
        client = await connect(settings.temporal_address, settings.temporal_namespace)
        totals = Counters(database)
        async with totals.written(), build(settings, client, database, embedder, totals, only=only) as worker:
            if only is Share.BULK:
                yield worker
                return
            await ensure_schedules(client, task_queue=settings.task_queue)
            yield worker
            await forget_schedules(client, settings.task_queue)
    finally:
        await embedder.close()
        await database.close()


def started_by(schedule: ScheduleDescription) -> list[str]:
    """The workflow ids of a schedule's latest runs, in order."""
    actions = (recent.action for recent in schedule.info.recent_actions)
    return [action.workflow_id for action in actions if isinstance(action, Started)]


async def running_inbox(client: Client, task_queue: str) -> Started | None:
    """The inbox, where its schedule has started it."""
    described = await client.get_schedule_handle(event_inbox_id(task_queue)).describe()
    running = [action for action in described.info.running_actions if isinstance(action, Started)]
    return running[0] if running else None


async def forget_schedules(client: Client, task_queue: str) -> None:
    """Leave nothing behind that starts by itself."""
    inbox = await eventually(lambda: running_inbox(client, task_queue), what="the inbox")
    for schedule in (
        event_inbox_id(task_queue),
        event_retention_id(task_queue),
        store_schedules_id(task_queue),
    ):
        await client.get_schedule_handle(schedule).delete()
    stores = StoreSchedules(client, task_queue=task_queue)
    await stores.align(await stores.list(), [])
    if inbox is not None:
        await client.get_workflow_handle(inbox.workflow_id).terminate("end of test")
