"""What people do in the console, from beginning to end, in a real browser."""

import re

from playwright.async_api import Browser as Chromium
from playwright.async_api import expect

from tests.console.browser import Browser
from tests.console.scene import Scene, events
from tests.console.screen import looking
from tests.console.ways import enter, owner_of, statuses
from tests.support.eventually import eventually
from tests.support.shop import Shop
from tests.support.system import System

PERSIAN_NUMBER = re.compile("[۰-۹]")


async def test_from_the_first_sign_in_to_a_found_product(
    system: System, chromium: Chromium, shop: Shop
) -> None:
    """An owner in Persian: all is well, the log has the change, and a question finds the product."""
    email = await owner_of(system, shop)
    event_id = await shop.submit({"id": 7, "name": "چراغ مطالعه رومیزی", "price": "1250000"})
    await shop.ended(event_id)
    async with looking(chromium, system.http.base_url) as screen:
        page = screen.page
        await screen.open("/")
        assert await screen.foreign() == []
        await enter(screen, email)
        await expect(page.locator("h1")).to_have_text("نمای کلی")
        await expect(page.locator(".note.good")).to_contain_text("همه چیز همگام است")
        assert await screen.foreign() == []
        await page.get_by_role("link", name="رویدادها", exact=True).click()
        await page.fill("input[name=external_id]", "woo_7")
        await page.get_by_role("button", name="فیلتر").click()
        await page.wait_for_url("**external_id=woo_7**")
        row = page.locator("main tbody tr")
        await expect(row).to_have_count(1)
        await expect(row).to_contain_text("قابل جست‌وجو")
        assert await screen.foreign() == []
        await row.locator("a").click()
        await expect(page.locator("dl.facts")).to_contain_text(event_id)
        await expect(page.locator("pre.data")).to_contain_text("چراغ مطالعه رومیزی")
        assert PERSIAN_NUMBER.search(await page.locator("dl.facts time").first.inner_text())
        assert await screen.foreign() == []
        await page.get_by_role("link", name="آزمودن جست‌وجو").click()
        await page.fill("input[name=q]", "چراغ مطالعه")
        await page.get_by_role("button", name="جست‌وجو", exact=True).click()
        found = page.locator("article.result")
        await expect(found).to_have_count(1)
        await expect(found).to_contain_text("۱٬۲۵۰٬۰۰۰")
        await expect(found.locator("dl.measures")).to_contain_text("مطالعه")
        assert await screen.foreign() == []
        await found.locator("h2 a").click()
        await expect(page.locator(".note.good")).to_contain_text("دستیار این محصول را می‌شناسد")
        await expect(page.locator("figure.chunk")).to_contain_text("چراغ مطالعه رومیزی")
        assert await screen.foreign() == []
        assert screen.messages == []


async def test_an_address_is_kept_over_the_sign_in(system: System, chromium: Chromium, shop: Shop) -> None:
    email = await owner_of(system, shop)
    async with looking(chromium, system.http.base_url, language="en") as screen:
        await screen.open("/console/events/?status=failed&external_id=woo_9")
        await enter(screen, email)
        await screen.page.wait_for_url("**/console/events/?status=failed&external_id=woo_9")
        await expect(screen.page.locator("select[name=status]")).to_have_value("failed")
        await expect(screen.page.locator(".empty")).to_contain_text("No event matches")


async def test_language_and_theme_are_remembered(
    system: System, chromium: Chromium, owning: Browser, made: Scene
) -> None:
    """The first language is the browser's; both switches stay on the page."""
    address = made.places.fill("/console/events/?store={store}&status=failed")
    async with looking(chromium, system.http.base_url, secret=owning.http.cookies["pilito"]) as screen:
        page, root = screen.page, screen.page.locator("html")
        await screen.open(address)
        await expect(root).to_have_attribute("dir", "rtl")
        await page.get_by_role("button", name="English").click()
        await expect(root).to_have_attribute("lang", "en")
        await expect(root).to_have_attribute("dir", "ltr")
        assert page.url.endswith(address)
        await page.get_by_role("button", name="Dark").click()
        await expect(root).to_have_attribute("data-theme", "dark")
        assert page.url.endswith(address)
        again = await page.context.new_page()
        await again.goto(f"{screen.base}/console/")
        await expect(again.locator("html")).to_have_attribute("data-theme", "dark")
        await expect(again.locator("h1")).to_have_text("Overview")
        await again.get_by_role("button", name="فارسی").click()
        await again.get_by_role("button", name="روشن").click()
        await expect(again.locator("html")).to_have_attribute("data-theme", "light")
        await expect(again.locator("h1")).to_have_text("نمای کلی")
        assert screen.messages == []


async def test_everything_works_with_scripts_off(system: System, chromium: Chromium, shop: Shop) -> None:
    """Sign-in, the choice of a filter, one retry and a retry of all."""
    email = await owner_of(system, shop)
    await events(system, shop.store_id, 3, reason="The shop cannot be reached.")
    async with looking(chromium, system.http.base_url, script=False, language="en") as screen:
        page = screen.page
        await screen.open("/console/events/")
        await enter(screen, email)
        await page.select_option("select[name=status]", "failed")
        await page.get_by_role("button", name="Filter").click()
        await expect(page.locator("main tbody tr")).to_have_count(3)
        await page.locator("main tbody tr a").first.click()
        await page.get_by_role("button", name="Retry").click()
        await expect(page.locator("[role=status]").first).to_contain_text("The event runs again.")
        await eventually(lambda: statuses(shop), lambda seen: seen.get("failed") == 2, what="one retry")
        await screen.open("/console/events/?status=failed")
        await page.get_by_role("link", name="Retry all of them").click()
        await page.get_by_role("button", name="Retry 2 events").click()
        await page.wait_for_url("**/console/events/retries/*/")
        await eventually(lambda: statuses(shop), lambda seen: seen == {"succeeded": 3}, what="all retries")
        await page.reload()
        await expect(page.locator(".note.good")).to_have_text("All 2 events have succeeded.")


async def test_a_problem_is_shown_in_place_of_the_part_that_was_asked_for(
    system: System, chromium: Chromium, owning: Browser, made: Scene
) -> None:
    """The rest of the page stays, and one press leads on."""
    secret = owning.http.cookies["pilito"]
    async with looking(chromium, system.http.base_url, secret=secret, language="en") as screen:
        page = screen.page
        await screen.open(made.places.fill("/console/events/retry/?store={store}"))
        await page.evaluate("document.querySelector('#retry input[name=csrf]').value = 'old'")
        await page.locator("#retry button").click()
        await expect(page.locator("main#main h1")).to_have_text("This is not allowed")
        await expect(page.locator("h1")).to_have_count(1)
        await expect(page.locator("nav.pages")).to_be_visible()
        await page.get_by_role("button", name="To the first page").click()
        await page.wait_for_url("**/console/")
