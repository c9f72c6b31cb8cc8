"""From a failed event to a product that is found, in a real browser: why, what to do, and again."""

import pytest
from playwright.async_api import Browser as Chromium
from playwright.async_api import expect

from fakes.openai import EmbeddingServer, bad_request
from tests.console.browser import Browser
from tests.console.scene import Scene, events
from tests.console.screen import looking
from tests.console.ways import enter, owner_of, statuses
from tests.support.eventually import eventually
from tests.support.shop import Shop
from tests.support.system import System

FAILED = 500

WATCH = """
    new MutationObserver(() => {
        const bar = document.querySelector("progress");
        if (!bar) return;
        const seen = JSON.parse(sessionStorage.seen || "[]");
        sessionStorage.seen = JSON.stringify([...seen, [bar.value, bar.max]]);
    }).observe(document, {childList: true, subtree: true});
"""
"""Keeps every state of a bar, over pages."""


async def test_a_failed_event_is_explained_mended_and_retried(
    system: System, chromium: Chromium, shop: Shop, embeddings: EmbeddingServer
) -> None:
    """The overview leads to the event, the event to its product, and one press to a known product."""
    email = await owner_of(system, shop)
    embeddings.fail_always(bad_request())
    await shop.closed(await shop.submit({"id": 9, "name": "آباژور پارچه‌ای", "price": "980000"}))
    async with looking(chromium, system.http.base_url) as screen:
        page = screen.page
        await screen.open("/console/")
        await enter(screen, email)
        await expect(page.locator(".note.bad")).to_contain_text("رویدادهای ناموفق: ۱.")
        await page.locator("#failures a").first.click()
        await page.locator("main tbody tr a").first.click()
        await expect(page.locator(".note.bad")).to_contain_text("این تغییر ناموفق بود")
        await page.get_by_role("button", name="توضیح محصول").click()
        await expect(page.locator(".note.bad")).to_contain_text("تکرار تغییر")
        assert await screen.foreign() == []
        embeddings.fail_always(None)
        await page.get_by_role("button", name="تکرار تغییر").click()
        await expect(page.locator("p[role=status]")).to_contain_text("رویداد دوباره اجرا می‌شود")
        await eventually(lambda: statuses(shop), lambda seen: seen == {"succeeded": 1}, what="the retry")
        await page.reload()
        await expect(page.locator("section .note.good")).to_contain_text("دستیار این محصول را می‌شناسد")
        await page.get_by_role("button", name="جست‌وجوی آن").click()
        await expect(page.locator("article.result h2")).to_have_text("آباژور پارچه‌ای")
        assert screen.messages == []


async def test_a_failed_event_says_why_in_persian(
    system: System, chromium: Chromium, owning: Browser, made: Scene
) -> None:
    secret = owning.http.cookies["pilito"]
    async with looking(chromium, system.http.base_url, secret=secret, language="fa") as screen:
        await screen.open(made.places.fill("/console/?store={store}"))
        await screen.page.locator("#failures a").first.click()
        await screen.page.locator("main tbody tr a").first.click()
        facts = screen.page.locator("dl.facts")
        await expect(facts).to_contain_text("فروشگاه در دسترس نیست؛ باز بودن سایت را بررسی کنید.")
        await expect(screen.page.locator(".note.warn")).to_contain_text("تنها ۵۰ مورد نخست نگه داشته شد")
        assert "cannot be reached" not in await screen.page.locator("main").inner_text()


@pytest.mark.timeout(300)
async def test_five_hundred_failed_events_are_retried_under_a_moving_bar(
    system: System, chromium: Chromium, shop: Shop
) -> None:
    """The filters are kept, the count is confirmed, and the person watches without a press.

    The events are deletions of unknown products: their second runs end soon, without an embedding.
    """
    email = await owner_of(system, shop)
    reason, deleted = "The shop cannot be reached.", "product.deleted"
    await events(system, shop.store_id, FAILED, reason=reason, type_=deleted)
    async with looking(chromium, system.http.base_url) as screen:
        page = screen.page
        await page.add_init_script(WATCH)
        await screen.open("/console/events/?status=failed")
        await enter(screen, email)
        await expect(page.locator(".note.bad")).to_contain_text("۵۰۰")
        await page.locator(".note.bad a").click()
        await expect(page.locator("#retry")).to_contain_text("۵۰۰ رویداد ناموفق")
        await page.get_by_role("button", name="تکرار ۵۰۰ رویداد").click()
        await expect(page.locator(".note.good")).to_have_text(
            "هر ۵۰۰ رویداد با موفقیت انجام شد.", timeout=200_000
        )
        seen = await page.evaluate("JSON.parse(sessionStorage.seen)")
        values = sorted({value for value, _ in seen})
        assert len(values) >= 5, seen
        assert [value for value, _ in seen] == sorted(value for value, _ in seen)
        assert {most for _, most in seen} == {FAILED}
        assert screen.messages == []
    await eventually(
        lambda: statuses(shop), lambda now: now.get("failed", 0) == 0, what="the retries", patience=200
    )
