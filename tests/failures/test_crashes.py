"""A worker killed at every step: nothing is lost, doubled or stale."""

import asyncio
import itertools
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from fakes.openai import EmbeddingServer
from fakes.woocommerce import KEY, SECRET, ShopServer
from settings import Settings
from tests.support.crashing_worker import STEPS
from tests.support.deliveries import woocommerce
from tests.support.environment import ROOT, Configure, another_database
from tests.support.eventually import eventually
from tests.support.shop import Shop
from tests.support.sync.syncs import Synced
from tests.support.system import System, forget_schedules, running

TEXT = "".join(f"<p>بند {n}: " + f"جمله‌ای درباره ویژگی {n} این کالا. " * 8 + "</p>" for n in range(6))
PRODUCT = {"id": 4, "name": "سماور برنجی", "description": TEXT, "price": "10"}


def environment(settings: Settings) -> dict[str, str]:
    key, base_url = settings.openai_api_key, settings.openai_base_url
    assert key
    return {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "PILITO_DATABASE_URL": settings.database_url or "",
        "PILITO_TEMPORAL_ADDRESS": settings.temporal_address or "",
        "PILITO_TASK_QUEUE": settings.task_queue,
        "PILITO_EMBEDDING_DIMENSIONS": str(settings.embedding_dimensions),
        "PILITO_DEBOUNCE_SECONDS": "0",
        "PILITO_SECRET_KEY": settings.secret_keys[0],
        "PILITO_ALLOW_PRIVATE_SHOPS": str(settings.allow_private_shops),
        "PILITO_SHOP_REQUESTS_PER_MINUTE": str(settings.shop_requests_per_minute),
        "OPENAI_API_KEY": key.get_secret_value(),
        "OPENAI_BASE_URL": str(base_url),
    }


@pytest.fixture(scope="module")
def apart(configure: Configure, postgres_url: str) -> Configure:
    """Settings for a database in which workers find no stores of others to make schedules for."""
    return partial(configure, database_url=another_database(postgres_url, "crashes"))


@asynccontextmanager
async def served(settings: Settings) -> AsyncIterator[System]:
    """An API without a worker; nothing that workers of its queue have scheduled is left behind."""
    async with running(settings, work=False) as system:
        yield system
        await forget_schedules(system.temporal, settings.task_queue)


@asynccontextmanager
async def process(settings: Settings, *arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A worker in a process of its own; ended at the end if it still runs."""
    started = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        *arguments,
        cwd=ROOT,
        env=environment(settings),
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield started
    finally:
        if started.returncode is None:
            started.send_signal(signal.SIGTERM)
            await started.wait()


async def accepted(shop: Shop, product: dict[str, Any]) -> str:
    """Send a product until it is accepted, as a shop does after a 503. Returns the id of its event."""
    event_id = f"evt-{shop.store_id}"
    await eventually(
        partial(shop.send, product, event_id=event_id),
        lambda answer: answer.status_code in (200, 202),
        what="the acceptance",
    )
    return event_id


async def killed(apart: Configure, flag: Path, step: str, moment: str) -> None:
    """Kill the first worker around a step, let a second one end the event, and look at what is there."""
    settings = apart(task_queue=f"crash-{step}-{moment}")
    async with served(settings) as system:
        shop = await system.shop()
        async with process(settings, "tests.support.crashing_worker", step, moment, str(flag)) as first:
            event_id = await accepted(shop, {**PRODUCT, "name": f"سماور {step} {moment}"})
            assert await first.wait() == -signal.SIGKILL
        async with process(settings, "tests.support.crashing_worker", step, moment, str(flag)):
            await shop.ended(event_id)
            run = shop.temporal.get_workflow_handle(shop.workflow_id(event_id))
            assert (await run.result())["status"] == "succeeded"
            row = await shop.event(event_id)
        assert row is not None
        assert (row["status"], row["redeliveries"], len(row["attempts"])) == ("succeeded", 0, 1)
        assert len(await shop.rows("SELECT FROM products WHERE store_id = :store")) == 1
        assert len(await shop.rows("SELECT FROM events WHERE store_id = :store")) == 1
        chunks = await shop.chunks(4)
        assert [chunk["position"] for chunk in chunks] == list(range(len(chunks)))
        assert len(await shop.rows("SELECT FROM tenant_knowledge WHERE store_id = :store")) == len(chunks)


@pytest.mark.timeout(300)
async def test_a_worker_killed_at_any_step_changes_nothing_about_the_end(
    apart: Configure, embeddings: EmbeddingServer, tmp_path: Path
) -> None:
    """Before and after each of the six steps: the next worker ends the event, its effects exactly once."""
    few = asyncio.Semaphore(4)

    async def one(step: str, moment: str) -> None:
        async with few:
            await killed(apart, tmp_path / f"{step}-{moment}", step, moment)

    async with asyncio.TaskGroup() as group:
        for step, moment in itertools.product(STEPS, ("before", "after")):
            group.create_task(one(step, moment))
    assert max(embeddings.texts.values()) == 1, "vectors are written before the step ends"


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_a_worker_killed_while_it_looks_into_a_shop_loses_nothing(
    apart: Configure, embeddings: EmbeddingServer, tmp_path: Path, moment: str
) -> None:
    """Also where the event's row says already what was read there: the next worker looks again."""
    settings = apart(task_queue=f"crash-pull-{moment}", allow_private_shops=True)
    key = {"consumer_key": KEY, "consumer_secret": SECRET}
    crashing = ("tests.support.crashing_worker", "confirm_event", moment, str(tmp_path / "flag"))
    with ShopServer() as real:
        shirt = real.add(name="پیراهن", variations=[{"price": "5"}])
        (inside,) = real.products[shirt]["variations"]
        body = {**real.variations[inside], "type": "variation"}
        async with served(settings) as system:
            shop = await system.shop(webhook_secret="signed", base_url=real.base_url, credentials=key)
            async with process(settings, *crashing) as first:
                event_id = (await shop.deliver(woocommerce(body, "signed"))).json()["event_id"]
                assert await first.wait() == -signal.SIGKILL
            async with process(settings, *crashing):
                event = await shop.ended(event_id)
            assert (event["status"], len(event["attempts"])) == ("succeeded", 1)
            stored = await shop.product(shirt)
            assert stored is not None
            assert stored["title"] == "پیراهن"


async def test_a_run_that_ended_before_its_worker_died_is_no_second_delivery(
    apart: Configure, embeddings: EmbeddingServer, tmp_path: Path
) -> None:
    """Temporal has seen none of its steps, so all are done again: it ends as it had ended."""
    settings = apart(task_queue="crash-at-the-end")
    flag = str(tmp_path / "flag")
    async with served(settings) as system:
        shop = await system.shop()
        async with process(settings, "tests.support.crashing_worker", "begin_event", "after", flag) as first:
            event_id = await shop.submit({**PRODUCT, "status": "draft"})
            assert await first.wait() == -signal.SIGKILL
        ended = await shop.event(event_id)
        async with process(settings, "worker"):
            result = await shop.temporal.get_workflow_handle(shop.workflow_id(event_id)).result()
        assert ended is not None
        assert (result["status"], result["reason"]) == ("succeeded", ended["reason"])
        assert await shop.event(event_id) == ended


async def test_a_worker_killed_in_the_middle_of_a_call_embeds_again_and_nothing_else(
    apart: Configure, embeddings: EmbeddingServer
) -> None:
    """An answer that was lost is requested again; a crash costs nothing else."""
    settings = apart(task_queue="crash-in-call")
    async with served(settings) as system:
        shop = await system.shop()
        embeddings.fail_next("hang")
        async with process(settings, "worker") as first:
            event_id = await shop.submit(PRODUCT)
            await eventually(lambda: asyncio.sleep(0, len(embeddings.requests)), what="the call")
            first.kill()
            await first.wait()
        embeddings.release()
        async with process(settings, "worker"):
            assert (await shop.ended(event_id))["status"] == "succeeded"
    assert len(embeddings.requests) == 2
    assert len(await shop.rows("SELECT FROM products WHERE store_id = :store")) == 1


def catalogue(events: int = 200, products: int = 40) -> list[tuple[dict[str, Any], str]]:
    """Changes of products, in the order the shop made them: texts, prices, drafts and deletions."""
    made: list[tuple[dict[str, Any], str]] = []
    for n in range(events):
        number, turn = n % products + 1, n // products
        stamp = f"2026-11-20T10:{turn:02}:{n % 60:02}"
        if (n * 7) % 23 == 0:
            made.append(({"id": number, "date_modified_gmt": stamp}, "product.deleted"))
            continue
        product = {
            "id": number,
            "name": f"کالای {number}",
            "description": f"<p>متن {number} نسخه {turn // 2}</p>",
            "price": str(n),
            "stock_quantity": n % 5,
            "status": "draft" if (n * 5) % 17 == 0 else "publish",
            "date_modified_gmt": stamp,
        }
        made.append((product, "product.updated"))
    return made


async def facts(shop: Shop) -> list[dict[str, Any]]:
    return await shop.rows(
        "SELECT p.external_id, p.title, p.price, p.stock_quantity, p.status, p.is_active, p.content_hash,"
        " (SELECT array_agg(k.text ORDER BY k.position) FROM tenant_knowledge k"
        "  WHERE k.product_id = p.id AND k.is_live AND p.is_active) AS known"
        " FROM products p WHERE store_id = :store AND status <> 'deleted' ORDER BY external_id"
    )


@pytest.mark.timeout(300)
@pytest.mark.parametrize("shuffled", [False, True])
async def test_events_sent_at_once_end_like_events_sent_one_by_one(
    system: System,
    embeddings: EmbeddingServer,
    shuffle: Callable[[list[Any]], list[Any]],
    shuffled: bool,  # noqa: FBT001 - pytest hands parameters over like this
) -> None:
    """200 events of 40 products, sent together in any order, leave the rows that one after another leaves."""
    changes = catalogue()
    calm, busy = await system.shop(), await system.shop()
    for product, kind in changes:
        await calm.sync(product, kind)
    together = shuffle(changes) if shuffled else changes
    sent = await asyncio.gather(*(busy.submit(product, kind) for product, kind in together))
    for event in sent:
        await busy.ended(event)
    assert await facts(busy) == await facts(calm)


SYNC_DEATHS = [
    ("begin_sync", "after", 1),
    *(("_compare", "after", page) for page in (1, 2, 3)),
    *(("apply", moment, group) for group, moment in enumerate(("before", "after", "before"), start=1)),
    ("remove_missing", "before", 1),
    ("remove_missing", "after", 1),
    ("finish_sync", "after", 1),
]
"""Each process takes seconds to start, so that not every step dies at both its ends."""

IMPORT_DEATHS = [
    ("import_page", "after", 1),
    ("import_page", "before", 2),
    ("import_page", "after", 3),
]

HELD_BEFORE = 10
"""Products that the shop does not have; a store without products is imported, not compared."""


async def killed_while_syncing(
    apart: Configure, flag: Path, held: int, step: str, moment: str, call: int
) -> None:
    """Kill the worker of a full sync around a step; the next worker completes it with the same result."""
    settings = apart(
        task_queue=f"crash-sync-{step}-{moment}-{call}",
        allow_private_shops=True,
        shop_requests_per_minute=1_000_000,
    )
    with ShopServer() as shop:
        for number in range(250):
            shop.add(name=f"{step} {moment} {call} {number}")
        async with served(settings) as system:
            synced = await Synced.open(system, shop)
            async with synced.store.database.transaction() as connection:
                for number in range(held):
                    await synced.hold(connection, f"woo_{9_000 + number}")
            arguments = (step, moment, str(flag), str(call))
            async with process(settings, "tests.support.crashing_worker", *arguments) as first:
                await synced.request()
                assert await first.wait() == -signal.SIGKILL
            async with process(settings, "worker"):
                sync = await synced.ended(await synced.latest())
            counts = sync.counts
            assert sync.status == "succeeded"
            assert (counts.seen, counts.new, counts.gone, counts.failed) == (250, 250, held, 0)
            of_missing = shop.routes.pop("products/{id}", 0)
            assert of_missing <= 2 * held, "each missing product, again by a step that died"
            assert sum(shop.routes.values()) < 2 * 10, "only the step in progress is asked again"
            assert len(await synced.indexed()) == 250
            assert (
                await synced.store.rows(
                    "SELECT FROM sync_pages JOIN syncs ON id = sync_id WHERE store_id = :store"
                )
                == []
            )


@pytest.mark.timeout(300)
async def test_a_worker_killed_at_any_page_of_a_sync_changes_nothing_about_the_end(
    apart: Configure, embeddings: EmbeddingServer, tmp_path: Path
) -> None:
    """Before and after each step of a sync, at each of its pages: no product is lost."""
    await killed_at_each(SYNC_DEATHS, apart, tmp_path, held=HELD_BEFORE)
    assert max(embeddings.texts.values()) == 1, "no text is embedded twice"


@pytest.mark.timeout(300)
async def test_a_worker_killed_at_any_page_of_an_import_changes_nothing_about_the_end(
    apart: Configure, embeddings: EmbeddingServer, tmp_path: Path
) -> None:
    """The same for a store without products: its pages are read in full."""
    await killed_at_each(IMPORT_DEATHS, apart, tmp_path, held=0)
    assert max(embeddings.texts.values()) == 1, "no text is embedded twice"


async def killed_at_each(
    deaths: Sequence[tuple[str, str, int]], apart: Configure, tmp_path: Path, *, held: int
) -> None:
    few = asyncio.Semaphore(4)

    async def one(step: str, moment: str, call: int) -> None:
        async with few:
            flag = tmp_path / f"{step}-{moment}-{call}"
            await killed_while_syncing(apart, flag, held, step, moment, call)

    async with asyncio.TaskGroup() as group:
        for death in deaths:
            group.create_task(one(*death))
