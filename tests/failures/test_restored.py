"""Postgres is restored from a dump while Temporal keeps what happened since."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import psycopg
import pytest
from sqlalchemy import make_url

from commands.after_restore import bring_together
from fakes.openai import EmbeddingServer
from settings import Settings
from tests.support.environment import Configure, another_database
from tests.support.eventually import eventually
from tests.support.recovery import age, look
from tests.support.shop import Shop
from tests.support.system import System, running

LARGE = "<p>" + "large " * 60_000 + "</p>"
"""A body above 256 KiB, which the event's row has alone."""


def product(number: int, name: str, **facts: Any) -> dict[str, Any]:
    return {"id": number, "name": name, "price": "5", **facts}


@dataclass
class Copied:
    """A database that can be dumped and restored; a dump is a copy on the same server."""

    url: str
    name: str

    def dump(self) -> None:
        self._copy(self.name, f"{self.name}_dump")

    def restore(self) -> None:
        self._copy(f"{self.name}_dump", self.name)

    def _copy(self, source: str, target: str) -> None:
        address = make_url(self.url).set(drivername="postgresql", database="postgres")
        with psycopg.connect(address.render_as_string(hide_password=False), autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {target} WITH (FORCE)".encode())
            connection.execute(f"CREATE DATABASE {target} TEMPLATE {source}".encode())


@pytest.fixture
def copied(postgres_url: str, request: pytest.FixtureRequest) -> Copied:
    name = f"restored_{request.node.name.removeprefix('test_')}"
    return Copied(another_database(postgres_url, name), name)


@pytest.fixture
def settings(configure: Configure, copied: Copied) -> Settings:
    return configure(database_url=copied.url, task_queue=copied.name, debounce_seconds=2.0)


@dataclass
class Two:
    """Two shops of two owners."""

    lamps: Shop
    shoes: Shop

    @classmethod
    async def open(cls, system: System) -> "Two":
        return cls(await system.shop(), await system.shop())

    def at(self, system: System) -> "Two":
        """Continue with another process of the service."""
        for shop in (self.lamps, self.shoes):
            shop.http, shop.database, shop.temporal = system.http, system.database, system.temporal
        return self


async def waits(shop: Shop, sent: dict[str, Any], event_id: str) -> str:
    """Send an event, and return its id when it has a row and waits."""
    await shop.submit(sent, event_id=event_id)
    await eventually(
        partial(shop.event, event_id),
        lambda row: row is not None and row["status"] == "waiting" and row["run_id"] is not None,
        what="its row",
    )
    return event_id


async def title(shop: Shop, number: int) -> str | None:
    row = await shop.product(number)
    return None if row is None else row["title"]


async def owners_run(shop: Shop, event_id: str) -> None:
    """The event was ended by a run of its own workflow alone."""
    row = await shop.ended(event_id)
    assert row["workflow_id"] == shop.workflow_id(event_id)
    handle = shop.temporal.get_workflow_handle(row["workflow_id"])
    described = await handle.describe()
    assert described.run_id in row["attempts"], (event_id, row["attempts"])


async def nothing_is_mixed(two: Two) -> None:
    """Every row of a store, and every chunk of a product, is the store's own."""
    mixed = await two.lamps.rows(
        "SELECT k.id FROM tenant_knowledge k JOIN products p ON p.id = k.product_id"
        " WHERE (k.store_id, k.user_id) IS DISTINCT FROM (p.store_id, p.user_id)"
        " UNION ALL SELECT e.id FROM events e WHERE e.status = 'succeeded'"
        " AND NOT EXISTS (SELECT FROM products p"
        " WHERE p.store_id = e.store_id AND p.external_id = e.product_key)"
    )
    assert mixed == []


@pytest.mark.timeout(300)
async def test_a_restore_by_the_runbook(
    settings: Settings, copied: Copied, embeddings: EmbeddingServer
) -> None:
    """Dump, more events, restore, `pilito after-restore`, and every event again: everything is right."""
    await restores(settings, copied, runbook=True)


@pytest.mark.timeout(300)
async def test_a_restore_without_the_runbook(
    settings: Settings, copied: Copied, embeddings: EmbeddingServer
) -> None:
    """Rows get the numbers of lost rows, and no workflow touches them."""
    await restores(settings, copied, runbook=False)


async def restores(settings: Settings, copied: Copied, *, runbook: bool) -> None:
    async with running(settings) as system:
        two = await Two.open(system)
        await two.lamps.ended(await two.lamps.submit(product(1, "Lamp"), event_id="before"))
        await two.shoes.ended(await two.shoes.submit(product(1, "Shoe"), event_id="before"))
        await waits(two.lamps, product(2, "Candle"), "under-way-at-the-dump")
    copied.dump()
    async with running(settings) as system:
        two.at(system)
        await two.lamps.ended("under-way-at-the-dump")
        for shop, sent, event_id in (
            (two.lamps, product(1, "Lamp II"), "after"),
            (two.shoes, product(1, "Shoe II"), "after"),
            (two.lamps, product(3, "Chandelier", description=LARGE), "large"),
        ):
            await shop.ended(await shop.submit(sent, event_id=event_id))
        await waits(two.lamps, product(4, "Lantern"), "under-way")
        await waits(two.lamps, product(5, "Beacon", description=LARGE), "large-under-way")
    copied.restore()
    if runbook:
        await bring_together(settings)
    async with running(settings, work=False) as system:
        two.at(system)
        for number in range(8):  # large bodies get a row at once, and with it the numbers of lost rows
            await two.shoes.submit(
                product(10 + number, f"Boot {number}", description=LARGE), event_id=f"boot-{number}"
            )
    async with running(settings) as system:
        two.at(system)
        await age(two.lamps, "under-way-at-the-dump")
        await look(system)
        answers = {}
        for shop, sent, event_id in (
            (two.lamps, product(1, "Lamp II"), "after"),
            (two.shoes, product(1, "Shoe II"), "after"),
            (two.lamps, product(3, "Chandelier", description=LARGE), "large"),
            (two.lamps, product(4, "Lantern"), "under-way"),
            (two.lamps, product(5, "Beacon", description=LARGE), "large-under-way"),
            (two.lamps, product(2, "Candle"), "under-way-at-the-dump"),
            (two.lamps, product(1, "Lamp"), "before"),
        ):
            answer = await shop.send(sent, event_id=event_id)
            answers[shop.store_id, event_id] = answer.status_code
            assert answer.status_code in (200, 202), answer.text
        assert answers[two.lamps.store_id, "before"] == 200
        if not runbook:
            assert answers[two.lamps.store_id, "after"] == 202
            assert answers[two.shoes.store_id, "after"] == 202
        for event_id in ("after", "large", "under-way", "large-under-way", "under-way-at-the-dump"):
            await eventually(
                partial(two.lamps.event, event_id),
                lambda row: row is not None and row["status"] in ("succeeded", "unchanged"),
                what=event_id,
            )
            await owners_run(two.lamps, event_id)
        for event_id in ("after", *(f"boot-{number}" for number in range(8))):
            await two.shoes.ended(event_id)
            await owners_run(two.shoes, event_id)
        await nothing_is_mixed(two)
        names = [await title(two.lamps, number) for number in range(1, 6)]
        assert names == ["Lamp II", "Candle", "Chandelier", "Lantern", "Beacon"]
        assert await title(two.shoes, 1) == "Shoe II"
        assert [await title(two.shoes, 10 + number) for number in range(8)] == [
            f"Boot {number}" for number in range(8)
        ]
