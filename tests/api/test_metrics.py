"""`/metrics`: metrics of the process and of the installation, also while Postgres is down."""

import re
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any

import httpx2
import pytest
import pytest_asyncio
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import make_url, text

from activities.metrics import Counters
from api.metrics import installation
from api.metrics.installation import SnapshotCollector
from api.metrics.process import ProcessMetrics
from contracts.events import EventType
from contracts.metrics import FRESHNESS_BOUNDS, freshness_bucket
from database import metrics
from database.engine import Database, create_engine
from database.metrics import MetricsSnapshot
from fakes.openai import EmbeddingServer, bad_request
from temporal import queues
from tests.support.environment import ROOT, Configure
from tests.support.eventually import eventually
from tests.support.network.cable import Cable
from tests.support.shop import Shop
from tests.support.system import System, running, serving

HEALTH = "/api/integrations/woocommerce/health/"
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]
NOTHING = MetricsSnapshot(totals={}, events={}, oldest_seconds=0.0)


def families() -> Iterator[Metric]:
    yield from ProcessMetrics(EventType).registry.collect()
    yield from SnapshotCollector(NOTHING).collect()


def read(content: str) -> Samples:
    """Returns name and labels of every sample -> its value."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(content)
        for sample in family.samples
    }


async def scraped(http: httpx2.AsyncClient, name: str, **labels: str) -> float:
    answer = await http.get("/metrics")
    assert answer.status_code == 200
    return read(answer.text).get((name, frozenset(labels.items())), 0.0)


@pytest_asyncio.fixture
async def own(shop: Shop, configure: Configure, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Shop]:
    """The shop at a new API that reads Postgres on every scrape."""
    monkeypatch.setattr(installation, "READ_EVERY", 0.0)
    async with serving(configure()) as http:
        yield replace(shop, http=http)


@pytest_asyncio.fixture
async def database(configure: Configure) -> AsyncIterator[Database]:
    opened = Database(create_engine(configure().database_url or "", pool_size=2))
    yield opened
    await opened.close()


async def standing(database: Database) -> MetricsSnapshot:
    async with database.reading() as connection:
        return await metrics.read(connection)


def test_the_operators_table_names_every_metric() -> None:
    """And no other, with its kind."""
    rows = re.findall(
        r"^\| `(pilito_\w+)` \| (\w+) \|", (ROOT / "docs/reference/metrics.md").read_text(), re.MULTILINE
    )
    known = {
        (family.name + ("_total" if family.type == "counter" else ""), family.type) for family in families()
    }
    assert sorted(rows) == sorted(known)
    assert all(name.startswith("pilito_") for name, _ in known)


@pytest.mark.parametrize("path", ["/metrics", "/metrics/"])
async def test_prometheus_can_read_it(own: Shop, path: str) -> None:
    """In its text format, with and without a slash, without a token."""
    answer = await own.http.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    content = read(answer.text)
    assert content["pilito_database_up", frozenset()] == 1.0
    assert len(content) == len(set(content))


async def test_every_delivery_is_counted_by_its_result(own: Shop) -> None:
    """Accepted, skipped or refused; unknown topics of senders are no labels."""

    async def counted(topic: str, result: str) -> float:
        labels = {"source": "woocommerce", "topic": topic, "result": result}
        return await scraped(own.http, "pilito_events_received_total", **labels)

    await own.submit({"id": 1}, event_id="a")
    await own.send({"id": 1}, event_id="a")
    await own.send({}, "product.deleted")
    await own.send({"id": 1}, 'made-up"\n')
    await own.http.post("/api/integrations/woocommerce/webhook/", content=b"{", headers=own.headers)
    assert await counted("product.updated", "accepted") == 1
    assert await counted("product.updated", "skipped") == 1
    assert await counted("product.deleted", "refused") == 1
    assert await counted("unknown", "refused") == 2
    assert "made-up" not in (await own.http.get("/metrics")).text


async def test_limits_and_failed_logins_are_counted(shop: Shop, configure: Configure) -> None:
    """Each app has a registry of its own."""
    login = {"email": f"unknown-{shop.store_id}@example.com", "password": "x"}
    async with serving(configure(requests_per_minute=6)) as http, serving(configure()) as other:
        assert [(await http.get(HEALTH, headers=shop.headers)).status_code for _ in range(3)] == [
            200,
            429,
            429,
        ]
        assert (await http.post("/api/v1/auth/token/", json=login)).status_code == 401
        assert await scraped(http, "pilito_rate_limit_total", outcome="allowed") == 1
        assert await scraped(http, "pilito_rate_limit_total", outcome="refused") == 2
        assert await scraped(http, "pilito_login_failures_total") == 1
        assert await scraped(other, "pilito_rate_limit_total", outcome="allowed") == 0
        assert await scraped(other, "pilito_login_failures_total") == 0


async def test_requests_are_counted_by_route(own: Shop) -> None:
    """Routes, methods and statuses are few for any number of paths."""
    await own.http.get("/healthz")
    for number in range(3):
        await own.http.get(f"/nothing/{number}")
        await own.http.get(f"/api/v1/web-knowledge/products/{number}")
    await own.http.request("PROPFIND", "/healthz")

    async def counted(route: str, method: str, status: str) -> float:
        labels = {"route": route, "method": method, "status": status}
        return await scraped(own.http, "pilito_http_request_duration_seconds_count", **labels)

    assert await counted("/healthz", "GET", "200") == 1
    assert await counted("(none)", "GET", "404") == 3
    assert await counted("/api/v1/web-knowledge/products/{product_id}/", "GET", "401") == 3
    assert await counted("/healthz", "other", "405") == 1


async def test_totals_follow_what_workers_do(own: Shop, system: System) -> None:
    """Embedded, reused or unchanged texts, tokens, and the time until a text was found."""

    async def total(name: str, **labels: str) -> float:
        return await scraped(own.http, name, **labels)

    before = read((await own.http.get("/metrics")).text)

    async def grown(name: str, **labels: str) -> None:
        old = before.get((name, frozenset(labels.items())), 0.0)
        await eventually(lambda: total(name, **labels), lambda now: now > old, what=f"{name} {labels}")

    first = {"id": 3, "name": "چراغ مطالعه", "price": "1"}
    assert await own.sync(first) == "succeeded"
    await grown("pilito_embeddings_total", outcome="created")
    await grown("pilito_embedding_tokens_total")
    await grown("pilito_freshness_seconds_count")
    await grown("pilito_freshness_seconds_sum")
    assert await own.sync({**first, "price": "2"}) == "unchanged"
    await grown("pilito_embeddings_total", outcome="skipped")
    assert await own.sync({**first, "name": "چراغ خواب"}) == "succeeded"
    assert await own.sync(first) == "succeeded"
    await grown("pilito_embeddings_total", outcome="reused")


async def test_failed_and_waiting_events_are_counted(own: Shop, embeddings: EmbeddingServer) -> None:
    """A failed event is a dead letter; the age of the oldest unfinished event is reported."""
    before = await scraped(own.http, "pilito_dead_letters")
    embeddings.fail_always(bad_request())
    assert await own.sync({"id": 4, "name": "نشدنی"}) == "failed"
    assert await scraped(own.http, "pilito_dead_letters") == before + 1
    assert await scraped(own.http, "pilito_events", status="failed") == before + 1
    waiting = await scraped(own.http, "pilito_events", status="retrying")
    (row,) = await own.rows(
        "UPDATE events SET status = 'retrying', received_at = now() - interval '30 days'"
        " WHERE store_id = :store RETURNING id"
    )
    assert await scraped(own.http, "pilito_events", status="retrying") == waiting + 1
    assert await scraped(own.http, "pilito_oldest_unsynced_seconds") >= 30 * 86400
    await own.rows("DELETE FROM events WHERE id = :id RETURNING id", id=row["id"])
    assert await scraped(own.http, "pilito_oldest_unsynced_seconds") < 30 * 86400


async def test_every_process_reports_the_same_totals(shop: Shop, configure: Configure) -> None:
    """They are stored in Postgres, so they must not be summed over processes."""
    await shop.sync({"id": 5, "name": "یکی"})
    async with serving(configure()) as first, serving(configure()) as second:

        async def content() -> list[Samples]:
            texts = [(await http.get("/metrics")).text for http in (first, second)]
            return [{key: value for key, value in read(text).items() if "embedd" in key[0]} for text in texts]

        await eventually(content, lambda both: both[0] == both[1] != {}, what="the same totals")


async def test_postgres_is_read_once_for_many_scrapes(
    shop: Shop, database: Database, configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A snapshot is reported for two seconds."""
    monkeypatch.setattr(installation, "READ_EVERY", 3600.0)
    async with serving(configure()) as http:
        before = await scraped(http, "pilito_embedding_tokens_total")
        async with database.single() as connection:
            await metrics.add(connection, {("embedding_tokens", ""): 1000.0})
        assert await scraped(http, "pilito_embedding_tokens_total") == before
    async with serving(configure()) as http:
        assert await scraped(http, "pilito_embedding_tokens_total") >= before + 1000


async def test_process_metrics_are_served_while_postgres_is_down(own: Shop, configure: Configure) -> None:
    """With `pilito_database_up 0`, and without totals, because zeros would look like a reset."""
    url = make_url(configure().database_url or "")
    async with Cable(url.host or "", url.port or 0) as postgres:
        here = url.set(host="127.0.0.1", port=postgres.port).render_as_string(hide_password=False)
        async with serving(configure(database_url=here)) as http:
            assert await scraped(http, "pilito_database_up") == 1
            await postgres.cut()
            content = read((await http.get("/metrics")).text)
            assert content["pilito_database_up", frozenset()] == 0
            assert any(name == "pilito_http_request_duration_seconds_count" for name, _ in content)
            assert not any(
                name.startswith(("pilito_embedd", "pilito_events", "pilito_dead")) for name, _ in content
            )
            await postgres.restore()
            await eventually(lambda: scraped(http, "pilito_database_up"), lambda up: up == 1)


async def test_totals_are_kept_while_postgres_is_down(configure: Configure, database: Database) -> None:
    """No count is lost or added twice; the rest is written when the worker stops."""
    url = make_url(configure().database_url or "")
    before = (await standing(database)).totals.get(("freshness", "+Inf"), 0.0)
    async with Cable(url.host or "", url.port or 0) as postgres:
        here = url.set(host="127.0.0.1", port=postgres.port).render_as_string(hide_password=False)
        behind = Database(create_engine(here, pool_size=1))
        counted = Counters(behind)
        counted.searchable(1e9)
        await postgres.cut()
        await counted.write()
        assert (await standing(database)).totals.get(("freshness", "+Inf"), 0.0) == before
        await postgres.restore()
        async with counted.written():
            counted.searchable(1e9)
        await counted.write()
        await behind.close()
    assert (await standing(database)).totals["freshness", "+Inf"] == before + 2


@pytest.mark.parametrize(
    ("seconds", "label"), [(0.0, "1.0"), (1.0, "1.0"), (1.01, "2.5"), (86400.0, "86400.0"), (86401.0, "+Inf")]
)
def test_a_bucket_is_named_for_its_upper_bound(seconds: float, label: str) -> None:
    """A value on the bound belongs to the lower bucket, as in Prometheus."""
    assert freshness_bucket(seconds) == label


def test_the_histogram_adds_up() -> None:
    """Buckets are cumulative, and the last one counts all values."""
    content = MetricsSnapshot(
        totals={("freshness", "1.0"): 2.0, ("freshness", "+Inf"): 1.0, ("freshness_sum", ""): 9.5},
        events={},
        oldest_seconds=0.0,
    )
    (family,) = [
        each for each in SnapshotCollector(content).collect() if each.name == "pilito_freshness_seconds"
    ]
    values = {(s.name.rpartition("_")[2], s.labels.get("le")): s.value for s in family.samples}
    assert values["bucket", "1.0"] == values["bucket", str(FRESHNESS_BOUNDS[-1])] == 2
    assert values["bucket", "+Inf"] == values["count", None] == 3
    assert values["sum", None] == 9.5


async def test_no_scrape_reads_the_whole_log(shop: Shop) -> None:
    """An index finds unfinished and failed events among any number of finished ones."""
    async with shop.database.transaction() as connection:
        await connection.execute(text("SET LOCAL enable_seqscan = off"))
        rows = await connection.execute(text(f"EXPLAIN (FORMAT JSON) {metrics._READ.text}"))
        plan: Any = rows.scalar_one()
    used = set(re.findall(r"'Index Name': '(\w+)'", str(plan)))
    assert used & {"ix_events_status_newest", "ix_events_failed"}
    assert not re.search(r"'Node Type': 'Seq Scan'[^{}]*'Relation Name': 'events'", str(plan))


async def test_events_that_wait_for_a_worker_are_counted(
    configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They have no row yet, so Temporal is asked: no worker, a backlog and its growing age."""
    monkeypatch.setattr(installation, "READ_EVERY", 0.0)
    monkeypatch.setattr(queues, "READ_EVERY", 0.0)
    async with running(configure(task_queue="deaf"), work=False) as idle:
        shop = await idle.shop()
        event_id = await shop.submit({"id": 6, "name": "منتظر"})

        async def value(name: str) -> float:
            return await scraped(idle.http, name, queue="deaf")

        await eventually(lambda: value("pilito_backlog"), lambda count: count == 1, what="a backlog")
        assert await value("pilito_workers") == 0
        assert await scraped(idle.http, "pilito_workers", queue="deaf-bulk") == 0
        age = await eventually(lambda: value("pilito_backlog_seconds"), lambda age: age > 1, what="an age")
        assert await scraped(idle.http, "pilito_oldest_unsynced_seconds") >= age
        await shop.temporal.get_workflow_handle(shop.workflow_id(event_id)).terminate()


async def test_the_skews_of_clocks_are_reported(
    configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That of this process is what its clock says, and that of Temporal is none on this machine."""
    monkeypatch.setattr(installation, "READ_EVERY", 0.0)
    async with serving(configure(), wall=lambda: time.time() - 90) as http:
        assert await scraped(http, "pilito_clock_skew_seconds", clock="process") == pytest.approx(-90, abs=2)
        samples = read((await http.get("/metrics")).text)
        assert abs(samples["pilito_clock_skew_seconds", frozenset({("clock", "temporal")})]) < 2
