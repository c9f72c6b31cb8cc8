"""The whole service on real servers: the API on a socket and the worker, both in the process of the tests."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx2
import uvicorn
from fastapi import FastAPI
from temporalio.client import Client, ScheduleDescription
from temporalio.client import ScheduleActionExecutionStartWorkflow as Started
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

from activities.events import stalled
from activities.metrics import Counters
from api.app import create_app
from api.middleware.http_protocol import bounded
from compute import Compute
from connectors.registry import PLATFORMS
from contracts.ids import event_inbox_id, event_retention_id, store_schedules_id
from contracts.stores import StoreType
from crypto import SecretBox
from database.access import stores, tokens, users
from database.clock import wall_clock
from database.engine import Database, create_engine
from embedded.ports import free_ports
from embeddings.registry import create_embedder
from settings import Settings
from temporal.client import connect
from temporal.schedules import ensure_schedules
from temporal.store_schedules import StoreSchedules
from temporal.workers import Workers
from tests.support.eventually import eventually
from tests.support.openapi.conformance import Conformance
from tests.support.shop import Shop
from worker import Share, build

_numbers = itertools.count(1)


class ServiceClient(httpx2.AsyncClient):
    """A client of a service, with the service itself and the task queue of its events."""

    app: FastAPI
    task_queue: str


@dataclass
class System:
    """A running API and its servers; `made` are the ids of stores created without the API."""

    settings: Settings
    database: Database
    temporal: Client
    http: httpx2.AsyncClient
    made: list[int] = field(default_factory=list)

    async def shop(self, **terms: Any) -> Shop:
        """Create a store of a new user."""
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
        """Create a store of a user; its schedule is paused."""
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
        return Shop(
            self.http,
            self.database,
            self.temporal,
            user_id,
            store_id,
            issued.id,
            issued.secret,
            self.settings.task_queue,
        )


@asynccontextmanager
async def serving(
    settings: Settings, *, wall: Callable[[], float] = wall_clock
) -> AsyncIterator[httpx2.AsyncClient]:
    """Serve the API on a real socket. Yields a client that fails on answers its OpenAPI document lacks.

    `wall` is the wall clock of the process, which may be wrong.
    """
    (port,) = free_ports(1)
    app = create_app(settings, wall=wall)
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            host="127.0.0.1",
            port=port,
            log_level="warning",
            access_log=False,
            http=bounded(settings.request_timeout_seconds, settings.max_connections),
            proxy_headers=False,
        )
    )
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]  # pytest keeps its own
    task = asyncio.create_task(server._serve())
    try:
        await eventually(lambda: asyncio.sleep(0, server.started or task.done()), what="the API")
        async with ServiceClient(
            base_url=f"http://127.0.0.1:{port}", timeout=30, event_hooks={"response": [Conformance(app)]}
        ) as http:
            http.app, http.task_queue = app, settings.task_queue
            yield http
    finally:
        server.should_exit = True
        await task


@asynccontextmanager
async def running(
    settings: Settings, *, work: bool = True, only: Share | None = None
) -> AsyncIterator[System]:
    """Run the API and, with `work`, a worker in this process."""
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
    """Delete the credentials of stores, so that workers started later create no schedules for them."""
    async with database.transaction() as connection:
        for store_id in store_ids:
            await stores.change(connection, store_id, {"credentials": None})


@asynccontextmanager
async def working(
    settings: Settings,
    only: Share | None = None,
    *,
    wall: Callable[[], float] = wall_clock,
    schedules: bool = True,
) -> AsyncIterator[Workers]:
    """Run a worker in this process, with connections of its own and a clock that may be wrong.

    A second worker of a task queue leaves the `schedules` to the first.

    It recovers events that a test left behind later than a real worker, and so does not disturb other tests.
    """
    stalled.STALLED_AFTER = timedelta(minutes=5)
    assert settings.database_url
    assert settings.temporal_address
    database = Database(create_engine(settings.database_url, pool_size=60), wall=wall)
    embedder = create_embedder(settings)
    compute = Compute()
    try:
        client = await connect(settings.temporal_address, settings.temporal_namespace)
        totals = Counters(database)
        workers = build(
            *(settings, client, database, embedder, compute, totals),
            only=only,
            workflow_runner=SandboxedWorkflowRunner(),
        )
        async with totals.written(), workers as worker:
            if only is Share.BULK or not schedules:
                yield worker
                return
            await ensure_schedules(client, task_queue=settings.task_queue)
            yield worker
            await forget_schedules(client, settings.task_queue)
    finally:
        await compute.close()
        await embedder.close()
        await database.close()


def started_by(schedule: ScheduleDescription) -> list[str]:
    """Returns the workflow ids of a schedule's latest runs, in order."""
    actions = (recent.action for recent in schedule.info.recent_actions)
    return [action.workflow_id for action in actions if isinstance(action, Started)]


async def running_inbox(client: Client, task_queue: str) -> Started | None:
    """Returns the inbox workflow if its schedule has started it."""
    described = await client.get_schedule_handle(event_inbox_id(task_queue)).describe()
    running = [action for action in described.info.running_actions if isinstance(action, Started)]
    return running[0] if running else None


async def forget_schedules(client: Client, task_queue: str) -> None:
    """Delete the schedules of a task queue and end its inbox."""
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
