"""Each part that is down makes its alert fire, until it is back."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, aclosing
from datetime import timedelta

import pytest
import pytest_asyncio
from sqlalchemy import make_url

from api.metrics import installation as scraping
from api.metrics import readiness
from contracts.ids import SEARCH_ATTRIBUTES
from database.engine import Database, create_engine
from embedded import temporal as embedded
from fakes.openai import EmbeddingServer
from temporal import queues
from temporal.client import connect
from tests.failures import parts
from tests.failures.parts import Installation
from tests.support.alerts import alerts, outages
from tests.support.environment import Configure, another_database
from tests.support.network.cable import Cable
from tests.support.system import System, serving
from worker import Share

PROVED = {
    "one worker": (parts.one_worker, ["PilitoWorkerLost"]),
    "all workers": (parts.all_workers, ["PilitoNoWorker", "PilitoWorkerLost"]),
    "all bulk workers": (parts.all_bulk_workers, ["PilitoNoBulkWorker", "PilitoWorkerLost"]),
    "Temporal": (parts.temporal, ["PilitoTemporalDown"]),
    "Postgres": (parts.postgres, ["PilitoDatabaseDown"]),
    "Postgres is read-only or its disk is full": (parts.writes, ["PilitoDatabaseRefusesWrites"]),
    "Postgres has no connection left": (parts.connections, ["PilitoDatabaseConnectionsFew"]),
    "Temporal and Postgres": (
        parts.both,
        ["PilitoNothingAccepted", "PilitoTemporalDown", "PilitoDatabaseDown"],
    ),
    "a shop's REST API": (parts.a_shop, ["PilitoShopsFail"]),
    "the embeddings API": (parts.embeddings, ["PilitoEmbeddingsFail"]),
}
"""Row of the table in `docs/reference/outages.md` -> the part, and all alerts that fire while it is down."""


@pytest.fixture(scope="module")
def patch() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patching:
        yield patching


@pytest.fixture(scope="module")
def attentive_temporal(patch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Temporal that idle workers ask every second, not every minute: a lost one shows soon."""
    patch.setitem(embedded.DYNAMIC_CONFIG, "matching.longPollExpirationInterval", '"1s"')
    patch.setattr(queues, "SEEN_WITHIN", timedelta(seconds=3))
    attributes = dict.fromkeys(SEARCH_ATTRIBUTES, "Keyword")
    server = embedded.EmbeddedTemporal(tmp_path_factory.mktemp("alerts"), search_attributes=attributes)
    yield server.start()
    server.stop()


@pytest_asyncio.fixture(scope="module")
async def installation(
    configure: Configure,
    postgres_url: str,
    attentive_temporal: str,
    embedding_server: EmbeddingServer,
    patch: pytest.MonkeyPatch,
) -> AsyncIterator[Installation]:
    """With one worker for events, one for bulk work, and an API that reads again for every scrape."""
    for module, seconds in ((scraping, "READ_EVERY"), (readiness, "CHECK_EVERY"), (queues, "READ_EVERY")):
        patch.setattr(module, seconds, 0.0)
    url = make_url(another_database(postgres_url, "alerts"))
    host, port = attentive_temporal.split(":")
    async with AsyncExitStack() as stack:
        postgres = await stack.enter_async_context(Cable(str(url.host), int(url.port or 0)))
        temporal = await stack.enter_async_context(Cable(host, int(port)))
        uncut, cut = (
            configure(
                task_queue="alerts",
                allow_private_shops=True,
                shop_requests_per_minute=1_000_000,
                database_url=database.render_as_string(hide_password=False),
                temporal_address=address,
            )
            for database, address in (
                (url, attentive_temporal),
                (url.set(port=postgres.port), f"127.0.0.1:{temporal.port}"),
            )
        )
        operator = Database(create_engine(uncut.database_url or "", pool_size=2))
        stack.push_async_callback(operator.close)
        http = await stack.enter_async_context(serving(cut))
        system = System(uncut, operator, await connect(attentive_temporal, "default"), http)
        made = Installation(system, postgres, temporal, embedding_server)
        for share in Share:
            await made.start(share)
        yield made
        for share in Share:
            await made.stop(share)


@pytest.mark.parametrize("row", PROVED)
@pytest.mark.usefixtures("embeddings")
async def test_a_part_that_is_down_makes_its_alert_fire_until_it_is_back(
    installation: Installation, row: str
) -> None:
    """None fires before, and no alert of another part fires while this one is down."""
    part, names = PROVED[row]
    for share in Share:
        await installation.listening(share, 1)
    installation.scraped.clear()
    async with aclosing(part(installation)) as moments:
        for expected in ([], names, []):
            await anext(moments)
            await installation.expect(*expected)
        assert [moment async for moment in moments] == []


def test_every_row_is_proved() -> None:
    """By the alert that names the row."""
    assert list(PROVED) == outages()
    named = {alert.annotations["part"]: alert.name for alert in alerts() if "part" in alert.annotations}
    assert {row: names[0] for row, (_, names) in PROVED.items()} == named
