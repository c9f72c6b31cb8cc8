"""The worker process: builds the activities and runs until a signal stops it."""

import asyncio
import logging
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from enum import StrEnum
from functools import partial
from typing import Any

import uvloop
from temporalio.client import Client
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.worker import UnsandboxedWorkflowRunner, Worker, WorkerDeploymentConfig, WorkflowRunner
from temporalio.workflow import NondeterminismError

from activities.events.at_once import AtOnceActivities
from activities.events.confirm import ConfirmActivities
from activities.events.first_tries import PLACES
from activities.events.inbox import InboxActivities
from activities.events.index import IndexingActivities
from activities.events.process import ProcessActivities
from activities.events.record import EventActivities
from activities.events.retention import RetentionActivities
from activities.events.save import ProductActivities
from activities.events.stalled import StalledActivities, WorkflowStarter
from activities.indexing import Indexer
from activities.metrics import Counters
from activities.stores.schedules import ScheduleActivities
from activities.stores.shop_reader import QUICK_BULK_STEPS, SLOW_BULK_STEPS, SLOW_VISITS, ShopReader
from activities.stores.webhooks import WebhookActivities
from activities.sync.apply import PageApplier
from activities.sync.compare import CatalogSyncActivities
from activities.sync.index_page import PageIndexer
from activities.sync.missing import MissingActivities
from compute import Compute
from connectors.http.outbound import Outbound
from contracts.events import ProductEvent, UnindexedProduct
from contracts.ids import bulk_queue, embedding_label
from crypto import SecretBox
from database.engine import Database, create_engine
from database.events.debounce import Debounce
from embeddings.base import Embedder
from embeddings.registry import create_embedder
from memory import return_large_blocks, tune_garbage_collector
from observability import tracing
from settings import Settings, load
from temporal.client import latest_run
from temporal.connecting import open_client
from temporal.deployments import deployment
from temporal.schedules import ensure_schedules
from temporal.starts import start_product_event, start_product_text
from temporal.store_schedules import StoreSchedules
from temporal.workers import Workers, bulk
from workflows import VERSIONED_WORKFLOWS, WORKFLOWS
from workflows.unknown import UnknownWorkflow

DATABASE_STEPS = 20
WORKFLOW_TASKS = DATABASE_STEPS + 5
"""Workflow tasks at a time: those with a database step, and a few without.

Tasks that a worker holds are done in the order of their arrival. A backlog has to wait in Temporal, where the
stores take turns.
"""

WORKFLOW_RUNNER = UnsandboxedWorkflowRunner()
"""Runs workflows without Temporal's sandbox, which imports all modules of workflows again for every run.

The workers of tests and the replayer of histories have the sandbox, and find what is not deterministic.
"""

EMBEDDING_CALLS = 20
BULK_STEPS = QUICK_BULK_STEPS + SLOW_BULK_STEPS
GRACE = timedelta(seconds=5)

Activities = Sequence[Callable[..., Any]]
Version = WorkerDeploymentConfig | None

logger = logging.getLogger("pilito.worker")


class Share(StrEnum):
    """A share of the work; a process may do only one."""

    EVENTS = "events"
    BULK = "bulk"


POOLS = {Share.EVENTS: DATABASE_STEPS + PLACES + 2 * EMBEDDING_CALLS + SLOW_VISITS, Share.BULK: 40}
"""Connections to Postgres that each share holds at most."""

COURTESY = 10
"""The niceness of a process for bulk work only, so that events get the CPU first.

Threads inherit it, so it is set before Temporal's client starts any.
"""


def open_shops(settings: Settings, database: Database) -> ShopReader:
    """Returns the reader of all stores' shops."""
    return ShopReader(
        database,
        Outbound(allow_private=settings.allow_private_shops),
        SecretBox(settings.secret_keys),
        per_minute=settings.shop_requests_per_minute,
    )


def collect(
    settings: Settings,
    client: Client,
    database: Database,
    embedder: Embedder,
    compute: Compute,
    totals: Counters,
) -> list[Callable[..., Any]]:
    """Returns every activity, as a method of an object that holds what it needs."""

    async def start(event: ProductEvent) -> None:
        with suppress(WorkflowAlreadyStartedError):
            await start_product_event(client, event, task_queue=settings.task_queue)

    async def start_again(event: ProductEvent, workflow_id: str) -> None:
        with suppress(WorkflowAlreadyStartedError):
            await start_product_event(
                client, event, task_queue=settings.task_queue, workflow_id=workflow_id, again=True
            )

    async def start_indexing(product: UnindexedProduct) -> None:
        await start_product_text(client, product, task_queue=settings.task_queue)

    model = embedding_label(
        settings.embedding_model, settings.embedding_dimensions, settings.embedding_variant
    )
    starter = WorkflowStarter(
        latest_run=partial(latest_run, client), start_event=start_again, start_indexing=start_indexing
    )
    stalled = StalledActivities(database, starter, model=model)
    debounce = Debounce(
        wait=timedelta(seconds=settings.debounce_seconds),
        max_wait=timedelta(seconds=settings.debounce_max_seconds),
    )
    events = EventActivities(database, debounce=debounce)
    products = ProductActivities(database, compute, totals, model=model, debounce=debounce)
    embedding = Indexer(embedder, compute, totals)
    indexing = IndexingActivities(
        database, embedding, totals, retry_deadline=timedelta(hours=settings.embedding_patience_hours)
    )
    at_once = AtOnceActivities(database, embedding, totals)
    shops = open_shops(settings, database)
    applier = PageApplier(
        database, compute, PageIndexer(database, embedding, totals), failure=embedder.failure
    )
    syncs = CatalogSyncActivities(
        database, shops, compute, applier, model=model, most_products=settings.shop_products
    )
    missing = MissingActivities(database, shops, applier)
    webhooks = WebhookActivities(
        database,
        shops,
        SecretBox(settings.secret_keys),
        public_url=str(settings.public_url) if settings.public_url else None,
    )
    confirmations = ConfirmActivities(
        database,
        shops,
        compute,
        confirm_timeout=timedelta(seconds=settings.shop_patience_seconds),
    )
    schedules = StoreSchedules(client, task_queue=settings.task_queue)
    return [
        *ProcessActivities(events, products, at_once).steps,
        confirmations.confirm_event,
        indexing.stage_chunks,
        indexing.embed_chunks,
        indexing.publish_chunks,
        InboxActivities(database, start, task_queue=settings.task_queue).start_waiting,
        stalled.recover_stalled,
        stalled.unindexed_version,
        stalled.abandon_indexing,
        RetentionActivities(
            database,
            keep=settings.payload_retention,
            questions_days=settings.questions_days,
            keep_events=settings.event_retention,
        ).trim_payloads,
        syncs.begin_sync,
        syncs.compare_pages,
        syncs.import_pages,
        syncs.apply_pages,
        missing.count_missing,
        missing.remove_missing,
        syncs.finish_sync,
        webhooks.maintain_webhooks,
        ScheduleActivities(database, schedules).align_schedules,
    ]


def build(
    settings: Settings,
    client: Client,
    database: Database,
    embedder: Embedder,
    compute: Compute,
    totals: Counters,
    *,
    only: Share | None = None,
    workflow_runner: WorkflowRunner = WORKFLOW_RUNNER,
) -> Workers:
    """Returns a worker for events and workflows and one for bulk work, or only one of them."""
    activities = collect(settings, client, database, embedder, compute, totals)
    queue = settings.task_queue
    workflows = VERSIONED_WORKFLOWS if settings.worker_build_id else WORKFLOWS
    shared: Any = {"activities": activities, "version": deployment(queue, settings.worker_build_id)}
    makers: dict[Share, Callable[[], Worker]] = {
        Share.EVENTS: lambda: tuned(
            client, task_queue=queue, workflows=workflows, workflow_runner=workflow_runner, **shared
        ),
        Share.BULK: lambda: bulk(
            client, task_queue=bulk_queue(queue), steps=BULK_STEPS, grace=GRACE, **shared
        ),
    }
    return Workers(*(make() for share, make in makers.items() if only in (None, share)))


def tuned(
    client: Client,
    *,
    task_queue: str,
    workflows: Sequence[type],
    activities: Activities,
    version: Version = None,
    workflow_runner: WorkflowRunner = WORKFLOW_RUNNER,
) -> Worker:
    """Returns a worker for workflows and activities with our limits.

    A workflow of another version of the code fails if this one cannot continue it; recovery then fails its
    event, which can be retried.
    """
    return Worker(
        client,
        task_queue=task_queue,
        workflows=(*workflows, UnknownWorkflow),
        workflow_failure_exception_types=[NondeterminismError],
        activities=activities,
        workflow_runner=workflow_runner,
        max_concurrent_workflow_tasks=WORKFLOW_TASKS,
        disable_eager_activity_execution=True,  # it would pass by the queue, its turns and its rates
        max_concurrent_local_activities=DATABASE_STEPS,
        max_concurrent_activities=EMBEDDING_CALLS + SLOW_VISITS,
        graceful_shutdown_timeout=GRACE,
        deployment_config=version,
    )


async def run(settings: Settings, only: Share | None = None) -> None:
    """Work until SIGTERM or SIGINT; running activities get a few seconds to end."""
    if not settings.database_url or not settings.temporal_address:
        raise SystemExit("Set PILITO_DATABASE_URL and PILITO_TEMPORAL_ADDRESS, or use `pilito up`.")
    if not settings.secret_keys:
        raise SystemExit("Set PILITO_SECRET_KEY to the one the API uses: without it no shop can be read.")
    tune_garbage_collector()
    return_large_blocks()
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    shares = [only] if only else list(Share)
    database = Database(create_engine(settings.database_url, pool_size=sum(POOLS[share] for share in shares)))
    embedder = create_embedder(settings)
    compute = Compute()
    totals = Counters(database)
    traces = tracing.start("pilito-worker")
    try:
        client = await open_client(settings, interceptors=traces.interceptors if traces else ())
        async with totals.written(), build(settings, client, database, embedder, compute, totals, only=only):
            await ensure_schedules(client, task_queue=settings.task_queue)
            logger.info("working on task queue %s: %s", settings.task_queue, " and ".join(shares))
            await stopping.wait()
    finally:
        await compute.close()
        await embedder.close()
        await database.close()
        if traces:
            await traces.close()


def main(only: Share | None = None) -> None:
    uvloop.run(run(load(), only))


if __name__ == "__main__":
    main()
