"""A store and its token, with what tests ask of them over HTTP and in the database."""

import itertools
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpx2
from sqlalchemy import text
from temporalio.client import Client, WorkflowFailureError

from contracts.events import TERMINAL
from contracts.ids import product_event_id
from database.engine import Database
from tests.support.deliveries import Sent
from tests.support.eventually import PATIENCE, eventually

FINAL = [status.value for status in TERMINAL]
"""The statuses of events that have ended."""

_numbers = itertools.count(1)


@dataclass
class Shop:
    """A store with a token: what its plugin can send, and what the database holds of it."""

    http: httpx2.AsyncClient
    database: Database
    temporal: Client
    user_id: int
    store_id: int
    token_id: int
    secret: str
    task_queue: str
    sent_to: dict[str, str] = field(default_factory=dict)
    """Event id -> the task queue of the service that got it, if it is not that of this store's service."""

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
        event_id = event_id or f"evt-{next(_numbers)}"
        body = {"event_id": event_id, "event_type": event_type, **extra}
        self.sent_to[event_id] = getattr(self.http, "task_queue", self.task_queue)
        return await self.http.post(
            "/api/integrations/woocommerce/webhook/",
            json={**body, "product": product},
            headers=self.headers,
        )

    async def deliver(self, sent: Sent, platform: str = "woocommerce") -> httpx2.Response:
        """Post a signed delivery of the shop itself."""
        return await self.http.post(
            f"/api/integrations/{platform}/webhook/{self.store_id}/", content=sent.body, headers=sent.headers
        )

    async def submit(self, product: dict[str, Any], event_type: str = "product.updated", **how: Any) -> str:
        """Send an event that must be accepted. Returns its id."""
        answer = await self.send(product, event_type, **how)
        assert answer.status_code == 202, answer.text
        event_id: str = answer.json()["event_id"]
        return event_id

    async def event(self, event_id: str) -> dict[str, Any] | None:
        return await self.one(
            "SELECT * FROM events WHERE store_id = :store AND event_id = :event", event=event_id
        )

    async def ended(self, event_id: str, *, patience: float = PATIENCE) -> dict[str, Any]:
        """Returns the event's row once its run has ended."""
        row = await eventually(
            lambda: self.event(event_id),
            lambda row: row is not None and row["status"] in FINAL and row["finished_at"] is not None,
            what=f"the end of {event_id}",
            patience=patience,
        )
        assert row is not None
        return row

    async def taken_up(self, event_id: str) -> dict[str, Any]:
        """Returns the event's row once a worker runs its workflow."""
        row = await eventually(
            lambda: self.event(event_id),
            lambda row: row is not None and row["run_id"] is not None,
            what=f"the run of {event_id}",
        )
        assert row is not None
        return row

    async def forget_unfinished(self) -> None:
        """Delete events that no workflow ends, before recovery starts them in another test."""
        async with self.database.transaction() as connection:
            unfinished = text("DELETE FROM events WHERE store_id = :store AND finished_at IS NULL")
            await connection.execute(unfinished, {"store": self.store_id})

    async def closed(self, event_id: str) -> dict[str, Any]:
        """Returns the event's row once its workflow is closed, so that it can be started again."""
        row = await self.ended(event_id)
        with suppress(WorkflowFailureError):
            await self.temporal.get_workflow_handle(self.workflow_id(event_id)).result()
        return row

    async def sync(self, product: dict[str, Any], event_type: str = "product.updated", **how: Any) -> str:
        """Send an event and wait for its end. Returns its status."""
        status: str = (await self.ended(await self.submit(product, event_type, **how)))["status"]
        return status

    async def rows(self, sql: str, **values: Any) -> list[dict[str, Any]]:
        async with self.database.reading() as connection:
            result = await connection.execute(text(sql), {"store": self.store_id, **values})
            return [dict(row) for row in result.mappings()]

    async def one(self, sql: str, **values: Any) -> dict[str, Any] | None:
        rows = await self.rows(sql, **values)
        return rows[0] if rows else None

    async def product(self, number: int) -> dict[str, Any] | None:
        return await self.one(
            "SELECT * FROM products WHERE store_id = :store AND external_id = :id", id=f"woo_{number}"
        )

    async def chunks(self, number: int) -> list[dict[str, Any]]:
        """Returns the live chunks of a product, in order."""
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
        return product_event_id(self.sent_to.get(event_id, self.task_queue), self.store_id, event_id)
