"""Events that were acknowledged and not recorded by a workflow yet: they count for those before them."""

from typing import Any

from sqlalchemy import text

from fakes.openai import EmbeddingServer
from tests.support.environment import Configure
from tests.support.shop import Shop
from tests.support.system import running, working


def product(price: int, *, number: int = 7, **changes: Any) -> dict[str, Any]:
    description = f"<p>نسخه {price} از محصول {number}</p>"
    return {"id": number, "name": "قوری چینی", "description": description, "price": str(price), **changes}


def at(second: int) -> dict[str, str]:
    return {"date_modified_gmt": f"2026-11-20T10:00:{second:02}"}


async def test_a_burst_costs_one_embedding_however_late_its_worker_comes(
    configure: Configure, embeddings: EmbeddingServer
) -> None:
    """Older events end without an embedding: a newer one was acknowledged. The shop's time decides."""
    settings = configure(task_queue="acknowledged", debounce_seconds=0.1)
    async with running(settings, work=False) as system:
        shop = await system.shop()
        plain = [await shop.submit(product(price)) for price in range(1, 6)]
        dated = [await shop.submit(product(n, number=8, **at(n))) for n in (3, 5, 1, 4)]
        rows = [await shop.event(event_id) for event_id in (*plain, *dated)]
        assert [row and (row["status"] in ("received", "waiting"), row["run_id"]) for row in rows] == [
            (True, None)
        ] * len(rows)
        async with working(settings):
            ended = [await shop.ended(event_id) for event_id in plain]
            others = [await shop.ended(event_id) for event_id in dated]
    assert [row["status"] for row in ended] == ["superseded"] * 4 + ["succeeded"]
    assert [row["status"] for row in others if row["status"] == "succeeded"] == ["succeeded"]
    assert others[1]["status"] == "succeeded", "the newest by the shop's time"
    assert len(embeddings.requests) == 2
    for number, price in ((7, 5), (8, 5)):
        stored = await shop.product(number)
        assert stored is not None
        assert stored["price"] == price


async def test_a_failed_event_that_comes_again_begins_a_burst_of_its_own(shop: Shop) -> None:
    """Neither what superseded it once nor its old time of arrival counts."""
    event_id = await shop.submit({"id": 7, "name": "قوری", "price": "1"})
    first = await shop.closed(event_id)
    async with shop.database.single() as connection:
        await connection.execute(
            text(
                "UPDATE events SET status = 'failed', superseded_by = 'gone',"
                " burst_started_at = now() - interval '1 hour' WHERE id = :id"
            ),
            {"id": first["id"]},
        )
    assert (await shop.send({"id": 7, "name": "قوری", "price": "2"}, event_id=event_id)).status_code == 202
    row = await shop.ended(event_id)
    assert (row["status"], row["superseded_by"]) == ("unchanged", None)
    assert row["burst_started_at"] >= first["received_at"]
    stored = await shop.product(7)
    assert stored is not None
    assert stored["price"] == 2
