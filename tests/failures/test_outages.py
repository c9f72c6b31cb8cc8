"""Durable before acknowledged: Temporal down, Postgres down, both, and bodies no history can hold."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import URL, make_url

from database.engine import Database
from database.engine import create_engine as database_engine
from fakes.openai import EmbeddingServer
from temporal.client import connect
from tests.support.environment import Configure, another_database
from tests.support.eventually import eventually
from tests.support.network.cable import Cable
from tests.support.shop import Shop
from tests.support.system import System, running, working

PRODUCT = {"id": 8, "name": "گلیم عشایری", "description": "<p>بافت دست با پشم طبیعی</p>", "price": "10"}


@dataclass
class Cut:
    """A service with connections to Postgres and to Temporal that a test can cut."""

    postgres: Cable
    temporal: Cable
    system: System


@pytest.fixture(scope="module")
def own_database(postgres_url: str) -> URL:
    """A database with an inbox that no other test uses."""
    return make_url(another_database(postgres_url, "cut"))


@pytest_asyncio.fixture
async def cut(configure: Configure, own_database: URL, embeddings: EmbeddingServer) -> AsyncIterator[Cut]:
    url = own_database
    host, port = str(url.host), int(url.port or 0)
    temporal_host, temporal_port = (configure().temporal_address or "").split(":")
    async with AsyncExitStack() as stack:
        postgres = await stack.enter_async_context(Cable(host, port))
        temporal = await stack.enter_async_context(Cable(temporal_host, int(temporal_port)))
        settings = configure(
            task_queue="cut",
            database_url=url.set(port=postgres.port).render_as_string(hide_password=False),
            temporal_address=f"127.0.0.1:{temporal.port}",
        )
        started = await stack.enter_async_context(running(settings, work=False))
        uncut = await connect(configure().temporal_address or "", "default")
        database = Database(database_engine(url.render_as_string(hide_password=False), pool_size=2))
        stack.push_async_callback(database.close)
        yield Cut(postgres, temporal, replace(started, database=database, temporal=uncut))


@pytest_asyncio.fixture
async def worker(cut: Cut) -> AsyncIterator[None]:
    """A worker behind the same cables, with its inbox."""
    async with working(cut.system.settings):
        yield


async def known(shop: Shop, event_id: str) -> None:
    assert (await shop.ended(event_id))["status"] == "succeeded"
    assert len(await shop.chunks(8)) == 1


@pytest.mark.usefixtures("worker")
async def test_temporal_down_the_event_waits_in_the_table(cut: Cut) -> None:
    """It is answered 202, and its workflow starts as soon as Temporal answers again."""
    shop = await cut.system.shop()
    await cut.temporal.cut()
    event_id = await shop.submit(PRODUCT)
    row = await shop.event(event_id)
    assert row is not None
    assert (row["status"], row["run_id"]) == ("received", None)
    again = await shop.send(PRODUCT, event_id=event_id)
    assert (again.status_code, again.json()["status"]) == (200, "skipped")
    await cut.temporal.restore()
    await known(shop, event_id)


@pytest.mark.usefixtures("worker")
async def test_postgres_down_the_workflow_holds_the_event(cut: Cut) -> None:
    """A token seen lately keeps working; the event is processed once Postgres is back."""
    shop = await cut.system.shop()
    assert (
        await shop.http.get("/api/integrations/woocommerce/health/", headers=shop.headers)
    ).status_code == 200
    await cut.postgres.cut()
    event_id = await shop.submit(PRODUCT)
    assert await shop.event(event_id) is None
    assert (await shop.send(PRODUCT, event_id=event_id)).status_code == 200, "known by Temporal"
    await cut.postgres.restore()
    await known(shop, event_id)


async def test_both_down_is_the_only_503(cut: Cut) -> None:
    """Nothing is acknowledged that is kept nowhere; once one is back, sending again works."""
    shop = await cut.system.shop()
    assert (
        await shop.http.get("/api/integrations/woocommerce/health/", headers=shop.headers)
    ).status_code == 200
    await cut.postgres.cut()
    await cut.temporal.cut()
    answer = await shop.send(PRODUCT, event_id="lost?")
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert "error" in answer.json()
    ready = await shop.http.get("/readyz")
    assert (ready.status_code, ready.json()["postgres"], ready.json()["temporal"]) == (
        503,
        "unreachable",
        "unreachable",
    )
    await cut.postgres.restore()
    assert (await shop.send(PRODUCT, event_id="lost?")).status_code == 202


async def test_a_token_never_seen_cannot_be_checked_while_postgres_is_down(cut: Cut) -> None:
    """No token is accepted unchecked; the shop gets a 503 and retries."""
    shop = await cut.system.shop()
    await cut.postgres.cut()
    answer = await shop.send(PRODUCT)
    assert answer.status_code == 503
    assert "Retry-After" in answer.headers


async def test_a_search_is_answered_503_while_postgres_is_down(cut: Cut) -> None:
    """It is a 503 that says when, not an internal error."""
    shop = await cut.system.shop()
    assert await shop.search("anything") == []
    await cut.postgres.cut()
    answer = await shop.http.post(
        "/api/v1/knowledge/search/", json={"query": "anything"}, headers=shop.headers
    )
    assert (answer.status_code, answer.json()) == (503, {"error": "The database does not answer right now"})
    assert int(answer.headers["Retry-After"]) > 0


@pytest.mark.usefixtures("worker")
async def test_a_restart_of_postgres_goes_unnoticed(cut: Cut) -> None:
    """Connections that died are replaced within the request."""
    shop = await cut.system.shop()
    await known(shop, await shop.submit(PRODUCT))
    await cut.postgres.cut()
    await cut.postgres.restore()
    assert await shop.sync({**PRODUCT, "price": "11"}) == "unchanged"


def large(characters: int = 6_700_000) -> dict[str, Any]:
    """A product as large as a real shop's largest: Persian text, escaped on the wire."""
    words = [f"واژه‌ی{n % 9973} درباره‌ی کالای شماره‌ی {n}." for n in range(characters // 160)]
    paragraphs = ["<p>" + " ".join(words[at : at + 40]) + "</p>" for at in range(0, len(words), 40)]
    return {**PRODUCT, "description": "".join(paragraphs)}


async def test_a_body_of_several_megabytes_is_taken(shop: Shop) -> None:
    """Such a body lies in the event's row; only a reference travels through Temporal."""
    event_id = await shop.submit(large())
    row = await shop.ended(event_id)
    assert row["status"] == "succeeded", row["reason"]
    history = await shop.temporal.get_workflow_handle(shop.workflow_id(event_id)).fetch_history()
    assert sum(len(event.SerializeToString()) for event in history.events) < 20_000
    assert len(await shop.chunks(8)) > 100


@pytest.mark.usefixtures("worker")
async def test_a_large_body_survives_either_being_down(cut: Cut) -> None:
    """It travels compressed inside its workflow, or waits in its row."""
    shop = await cut.system.shop()
    assert (
        await shop.http.get("/api/integrations/woocommerce/health/", headers=shop.headers)
    ).status_code == 200
    await cut.postgres.cut()
    first = await shop.submit(large(600_000))
    await cut.postgres.restore()
    assert (await shop.ended(first))["status"] == "succeeded"
    await cut.temporal.cut()
    second = await shop.submit({**large(600_000), "price": "12"})
    await cut.temporal.restore()
    assert (await shop.ended(second))["status"] == "unchanged"


async def test_the_inbox_starts_what_a_dead_api_left_behind(cut: Cut) -> None:
    """An API that dies between writing a row and starting its workflow loses nothing."""
    shop = await cut.system.shop()
    await cut.temporal.cut()
    event_id = await shop.submit(PRODUCT)
    await cut.temporal.restore()

    async def status() -> str:
        row = await shop.event(event_id)
        return row["status"] if row else ""

    assert await status() == "received"
    async with working(cut.system.settings):
        await eventually(status, lambda now: now == "succeeded", what="the event")
