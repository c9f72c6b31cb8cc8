"""The overview: true numbers of what failed, and a verdict that nothing contradicts."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from html import unescape

import pytest
from sqlalchemy import text

from api.console.formats import Formats
from api.console.language import Language
from api.console.pages.overview import verdict
from api.metrics.readiness import PostgresState, ReadyState, TemporalState
from contracts.events import EventStatus
from contracts.syncs import SyncStatus
from contracts.webhooks import WebhookHealth
from database.events import failed, summary
from database.events.summary import Summary
from database.sync.overview import StoreGlance
from tests.console.browser import open_browser
from tests.console.scene import events
from tests.support.shop import Shop
from tests.support.system import System

_EARLIER = text("""
    UPDATE events SET received_at = received_at - interval '1 hour' WHERE id = ANY(:ids)
""")


NOW = datetime(2026, 11, 26, 10, 0, tzinfo=UTC)
QUIET = Summary(
    hours=[], finished=0, p50=None, p95=None, failed=0, is_all=True, failures=[], unfinished=0, oldest=None
)
WORKING = ReadyState(postgres=PostgresState.OK, temporal=TemporalState.OK, is_processed=True, warnings=())
STORE = StoreGlance(
    id=1,
    name="فروشگاه",
    webhooks=WebhookHealth.MANAGED,
    sync_status=SyncStatus.SUCCEEDED,
    synced_at=NOW,
    event_at=NOW,
)


@pytest.mark.parametrize(
    ("shown", "parts", "store", "expected"),
    [
        (QUIET, WORKING, STORE, ("good", "همه چیز همگام است.")),
        (QUIET, WORKING, replace(STORE, event_at=None), ("busy", "هنوز رویدادی نرسیده است.")),
        (
            QUIET,
            replace(WORKING, temporal=TemporalState.UNREACHABLE),
            STORE,
            ("bad", "بخشی از سرویس کار نمی‌کند و تغییرها ممکن است دیر قابل جست‌وجو شوند."),
        ),
        (
            QUIET,
            replace(WORKING, is_processed=False),
            STORE,
            ("bad", "بخشی از سرویس کار نمی‌کند و تغییرها ممکن است دیر قابل جست‌وجو شوند."),
        ),
        (
            QUIET,
            WORKING,
            replace(STORE, sync_status=SyncStatus.REFUSED),
            ("warn", "فروشگاه‌هایی که آخرین همگام‌سازی آن‌ها ناموفق بود: ۱."),
        ),
        (
            QUIET,
            WORKING,
            replace(STORE, webhooks=WebhookHealth.SILENT),
            ("warn", "فروشگاه‌هایی که از وب‌هوکشان خبری نمی‌رسد: ۱."),
        ),
        (
            replace(QUIET, failed=1000, is_all=False),
            WORKING,
            STORE,
            ("bad", "رویدادهای ناموفق: دست‌کم ۱٬۰۰۰."),
        ),
    ],
    ids=["good", "empty", "Temporal", "workers", "sync", "webhooks", "failed"],
)
def test_the_verdict_is_what_is_wrong(
    shown: Summary, parts: ReadyState, store: StoreGlance, expected: tuple[str, str]
) -> None:
    notes = list(verdict(shown, parts, [store], Formats(Language.PERSIAN, NOW)))
    assert [(note.level, note.said) for note in notes] == [expected]


async def read(system: System, store_id: int) -> summary.Summary:
    async with system.database.reading() as connection:
        return await summary.read(connection, store_id)


async def test_failures_that_a_later_event_made_up_for_are_not_counted(system: System, shop: Shop) -> None:
    """Neither in the number nor among the reasons; the number of searchable changes is not a sample's."""
    made_up_for = await events(system, shop.store_id, 2, reason="The shop cannot be reached.")
    async with system.database.transaction() as connection:
        await connection.execute(_EARLIER, {"ids": made_up_for})
    await events(system, shop.store_id, 1, status="succeeded")
    shown = await read(system, shop.store_id)
    assert (shown.failed, shown.is_all, shown.finished) == (1, True, 1)
    assert [(one.reason, one.count) for one in shown.failures] == [("The shop cannot be reached.", 1)]


async def test_the_hours_count_each_status(system: System, shop: Shop) -> None:
    """An hour without events is left out; the others have the times of their successful events."""
    await events(system, shop.store_id, 70, status="succeeded")
    await events(system, shop.store_id, 3, status="unchanged")
    shown = await read(system, shop.store_id)
    counts: dict[str, int] = {}
    for hour in shown.hours:
        for status, count in hour.counts.items():
            counts[status] = counts.get(status, 0) + count
        if hour.counts.get(EventStatus.SUCCEEDED):
            assert (hour.p50, hour.p95) == (1.2, 1.2)
    assert counts == {"succeeded": 70, "unchanged": 3}
    assert shown.finished == 70


async def test_more_failures_than_are_counted_are_said_to_be_more(system: System, shop: Shop) -> None:
    """Also where all that were looked at have been made up for, and older ones may not."""
    rows = await events(system, shop.store_id, 4, reason="The shop cannot be reached.")
    async with system.database.reading() as connection:
        for most, expected in ((3, (3, False)), (4, (4, False)), (5, (4, True))):
            shown = await summary.read(connection, shop.store_id, most=most)
            assert (shown.failed, shown.is_all) == expected
    async with system.database.transaction() as connection:
        await connection.execute(
            text("UPDATE events SET external_id = 'woo_1' WHERE id = ANY(:ids)"), {"ids": rows[1:3]}
        )
        await connection.execute(text("UPDATE events SET status = 'stale' WHERE id = :id"), {"id": rows[0]})
    async with system.database.reading() as connection:
        shown = await summary.read(connection, shop.store_id, most=2)
        products = await failed.failed_products(connection, shop.store_id)
    assert (shown.failed, shown.is_all, shown.failures) == (0, False, [])
    assert (products.count, products.is_all) == (1, True)


async def test_a_group_of_failures_leads_to_its_events(system: System, shop: Shop) -> None:
    """Those with the same beginning of the reason, and no others; so does the retry of all of them."""
    long = "پاسخ فروشگاه & ٪ " + "x" * 300
    ids = await events(system, shop.store_id, 2, reason=long)
    async with system.database.transaction() as connection:
        await connection.execute(
            text("UPDATE events SET reason = 'Another reason.' WHERE id = :id"), {"id": ids[0]}
        )
    async with open_browser(system, shop.user_id) as browser:
        page = await browser.page("/console/", store=shop.store_id)
        links = [unescape(one) for one in re.findall(r'class="reason"><a href="([^"]+)"', page)]
        assert len(links) == 2
        found = {tuple(re.findall(r"/console/events/(\d+)/", await browser.page(link))) for link in links}
        assert found == {(str(id_),) for id_ in ids}
        retry = re.search(r'href="(/console/events/retry/[^"]+)"', await browser.page(links[0]))
        assert retry
        assert "Retry 1 event" in await browser.page(unescape(retry[1]))
