"""All words that no text has are deleted by one run, in short transactions."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from temporalio.testing import ActivityEnvironment

from activities.events import retention
from activities.events.retention import RetentionActivities
from tests.support.shop import Shop

UNUSED = [f"واژه{letter}" for letter in "ابپتثجچ"]


@pytest.fixture
def heartbeats() -> list[tuple[Any, ...]]:
    return []


@pytest.fixture
def in_workflow(heartbeats: list[tuple[Any, ...]]) -> ActivityEnvironment:
    """An attempt after one that trimmed some payloads."""
    environment = ActivityEnvironment()
    environment.info = replace(environment.info, heartbeat_details=["2026-01-01T00:00:00+00:00", 7])
    environment.on_heartbeat = lambda *details: heartbeats.append(details)
    return environment


async def add_unused_words(shop: Shop) -> None:
    await shop.sync({"id": 1, "name": "گلدان سفالی"})
    async with shop.database.transaction() as connection:
        await connection.execute(
            text("""
                INSERT INTO vocabulary (store_id, word, sound, parts)
                SELECT :store, word, '', '{}' FROM unnest(CAST(:words AS text[])) AS word"""),
            {"store": shop.store_id, "words": UNUSED},
        )
        await connection.execute(
            text("UPDATE vocabulary SET checked_at = now() - interval '9 days' WHERE store_id = :store"),
            {"store": shop.store_id},
        )


async def words(shop: Shop) -> set[str]:
    rows = await shop.rows("SELECT word FROM vocabulary WHERE store_id = :store")
    return {row["word"] for row in rows}


async def test_any_number_of_words_is_checked(
    shop: Shop,
    in_workflow: ActivityEnvironment,
    heartbeats: list[tuple[Any, ...]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Heartbeats between the transactions keep what an earlier attempt trimmed."""
    monkeypatch.setattr(retention, "WORDS", 2)
    await add_unused_words(shop)
    await in_workflow.run(RetentionActivities(shop.database, keep=None).trim_payloads)
    left = await words(shop)
    assert {"گلدان", "سفالی"} <= left
    assert not set(UNUSED) & left
    assert len(heartbeats) >= len(UNUSED) // 2
    assert set(heartbeats) == {("2026-01-01T00:00:00+00:00", 7)}


async def test_a_run_is_bounded(
    shop: Shop, in_workflow: ActivityEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is left is checked by the next run."""
    monkeypatch.setattr(retention, "WORDS", 1)
    monkeypatch.setattr(retention, "SWEEPS", 3)
    await add_unused_words(shop)
    before = await words(shop)
    trim = RetentionActivities(shop.database, keep=None).trim_payloads
    await in_workflow.run(trim)
    assert len(before - await words(shop)) <= 3
    for _ in before:
        await in_workflow.run(trim)
    assert not set(UNUSED) & await words(shop)


async def test_old_questions_are_removed(shop: Shop, in_workflow: ActivityEnvironment) -> None:
    """Some in a transaction; what is young enough stays."""
    await shop.rows(
        """
        INSERT INTO questions (store_id, text, day, asked, unanswered, first_at, last_at, last_total)
        SELECT :store, 'question', CAST(now() AT TIME ZONE 'UTC' AS date) - age, 1, 0, now(), now(), 1
        FROM generate_series(0, 40) AS age RETURNING text"""
    )
    await in_workflow.run(RetentionActivities(shop.database, keep=None, questions_days=30).trim_payloads)
    assert len(await shop.rows("SELECT * FROM questions WHERE store_id = :store")) == 30
    await in_workflow.run(RetentionActivities(shop.database, keep=None, questions_days=0).trim_payloads)
    assert await shop.rows("SELECT * FROM questions WHERE store_id = :store") == []


async def log(shop: Shop, *rows: tuple[str, str, str, str, int]) -> None:
    """Write finished events (id, product, type, status, age in days); an age below 0 is one under way."""
    for event_id, product, event_type, status, days in rows:
        await shop.rows(
            f"""
            INSERT INTO events (store_id, event_id, event_type, external_id, product_key, status, workflow_id,
                                received_at, finished_at)
            SELECT :store, '{event_id}', '{event_type}', '{product}', '{product}', '{status}', 'w',
                   now() - interval '{abs(days)} days',
                   CASE WHEN {days} > 0 THEN now() - interval '{abs(days)} days' END
            RETURNING id"""
        )


async def test_events_that_newer_ones_have_replaced_are_removed(
    shop: Shop,
    in_workflow: ActivityEnvironment,
    heartbeats: list[tuple[Any, ...]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What is young, under way, or the newest of its type and status of a product stays."""
    monkeypatch.setattr(retention, "EVENTS", 2)
    updated, deleted = "product.updated", "product.deleted"
    await log(
        shop,
        ("replaced", "woo_1", updated, "succeeded", 900),
        ("replaced again", "woo_1", updated, "succeeded", 800),
        ("newest", "woo_1", updated, "succeeded", 700),
        ("other status", "woo_1", updated, "failed", 900),
        ("deletion", "woo_1", deleted, "succeeded", 900),
        ("under way", "woo_1", updated, "succeeded", -900),
        ("other product", "woo_2", updated, "succeeded", 900),
        ("old but replaced by a young one", "woo_3", updated, "succeeded", 401),
        ("young", "woo_3", updated, "succeeded", 399),
        ("young and replaced", "woo_4", updated, "succeeded", 399),
        ("young and newest", "woo_4", updated, "succeeded", 1),
    )
    before = {row["event_id"] for row in await shop.rows("SELECT * FROM events WHERE store_id = :store")}
    await in_workflow.run(RetentionActivities(shop.database, keep=None).trim_payloads)
    assert await shop.rows("SELECT count(*) AS n FROM events WHERE store_id = :store") == [{"n": len(before)}]
    days = timedelta(days=400)
    await in_workflow.run(RetentionActivities(shop.database, keep=None, keep_events=days).trim_payloads)
    after = {row["event_id"] for row in await shop.rows("SELECT * FROM events WHERE store_id = :store")}
    assert before - after == {"replaced", "replaced again", "old but replaced by a young one"}
    assert len(heartbeats) >= 2
    assert set(heartbeats) == {("2026-01-01T00:00:00+00:00", 7)}
