"""The way of a shop in a real browser: connected, synced, asked with a token, and kept from others."""

import asyncio
import shlex
import threading
from datetime import UTC, datetime, timedelta

import orjson
from playwright.async_api import Browser as Chromium
from playwright.async_api import expect

from fakes.woocommerce import KEY, SECRET, ShopServer
from tests.console.browser import Browser, visiting
from tests.console.scene import Scene
from tests.console.screen import Screen, looking
from tests.console.ways import enter, owner_of
from tests.support.shop import Shop
from tests.support.system import System

OF_ANOTHER = (
    "/console/?store={store}",
    "/console/events/{event}/",
    "/console/products/{row}/",
    "/console/stores/{store}/",
    "/console/tokens/{token}/",
)


async def run(line: str) -> tuple[int, str]:
    """Run a line of a shell with curl, as a person pastes it. Returns the HTTP status and the answer."""
    process = await asyncio.create_subprocess_exec(
        *shlex.split(line), "-w", "\n%{http_code}", stdout=asyncio.subprocess.PIPE
    )
    written, _ = await process.communicate()
    answer, _, status = written.decode().rpartition("\n")
    return int(status), answer


async def test_a_token_is_made_used_by_curl_and_revoked(
    system: System, chromium: Chromium, shop: Shop
) -> None:
    """The line that the page shows works when it is pasted, until the token is revoked."""
    email = await owner_of(system, shop)
    await shop.sync({"id": 3, "name": "چراغ خواب", "price": "450000"})
    async with looking(chromium, system.http.base_url) as screen:
        page = screen.page
        await screen.open("/console/tokens/")
        await enter(screen, email)
        await page.get_by_role("button", name="توکن تازه").click()
        await page.fill("input[name=name]", "دستیار")
        await page.get_by_role("button", name="ساختن توکن").click()
        await expect(page.locator("h1")).to_contain_text("این توکن شماست")
        assert await screen.foreign() == []
        line = await page.locator("input#curl").input_value()
        status, answer = await run(line)
        assert status == 200
        assert [one["product"]["title"] for one in orjson.loads(answer)["results"]] == ["چراغ خواب"]
        await page.get_by_role("button", name="کپی کردم").click()
        await page.get_by_text("باطل کردن", exact=True).click()
        await page.get_by_role("button", name="باطل کردن برای همیشه").click()
        await expect(page.locator("p[role=status]")).to_have_text("توکن برای همیشه باطل شد.")
        assert await screen.foreign() == []
        assert (await run(line))[0] == 401
        assert screen.messages == []


async def _seen(screen: Screen, count: str) -> None:
    """Wait until the page of a running sync says how many products it has compared."""
    await expect(screen.page.locator("#sync span.hint")).to_contain_text(count)


async def test_a_shop_is_connected_synced_and_its_drift_is_read(
    reading: System, chromium: Chromium, server: ShopServer
) -> None:
    """The bar moves with the pages of the shop; what changed without an event is found and explained."""
    earlier = datetime.now(UTC) - timedelta(minutes=10)
    server.clock = lambda: earlier
    for number in range(250):
        server.add(name=f"چراغ {number}", price="450000")
    second, third = threading.Event(), threading.Event()
    server.before_page(2, second.wait)
    server.before_page(3, third.wait)
    async with await visiting(reading, is_staff=True) as admin:
        secret = admin.http.cookies["pilito"]
    async with looking(chromium, reading.http.base_url, secret=secret) as screen:
        page = screen.page
        try:
            await screen.open("/console/stores/")
            await page.get_by_role("button", name="فروشگاه تازه").first.click()
            await page.fill("input[name=name]", "چراغ‌خانه")
            await page.fill("input[name=base_url]", server.base_url)
            await page.fill("input[name=consumer_key]", KEY)
            await page.fill("input[name=consumer_secret]", SECRET)
            await page.get_by_role("button", name="ساختن فروشگاه").click()
            await page.get_by_role("button", name="به فروشگاه").click()
            reading.made.append(int(page.url.rstrip("/").rpartition("/")[2]))
            await expect(page.locator("main")).to_contain_text("فروشگاه خوانده می‌شود")
            assert await screen.foreign() == []
            await page.get_by_role("button", name="همگام‌سازی اکنون").first.click()
            await page.get_by_label("همه‌چیز").first.check()
            await page.get_by_role("button", name="آغاز").click()
            await _seen(screen, "۱۰۰ از ۲۵۰ محصول")
            assert await screen.foreign() == []
            second.set()
            await _seen(screen, "۲۰۰ از ۲۵۰ محصول")
            assert await page.locator("#sync progress").get_attribute("value") == "200"
        finally:
            second.set()
            third.set()
        await expect(page.locator("#sync .note.good")).to_contain_text("۲۵۰ محصول به‌روز شد")
        assert await screen.foreign() == []
        changed, gone, *_ = server.products
        server.clock = lambda: earlier + timedelta(minutes=5)
        server.change(changed, name="چراغ تازه")
        server.delete(gone)
        await page.locator("h1 a").click()
        await page.get_by_role("button", name="همگام‌سازی اکنون").first.click()
        await page.get_by_label("همه‌چیز").first.check()
        await page.get_by_role("button", name="آغاز").click()
        await expect(page.locator("#sync .note.warn")).to_contain_text("۲ محصول به‌روز شد")
        rows = page.locator("#sync tbody tr")
        await expect(rows).to_have_count(2)
        await expect(rows.filter(has_text=f"woo_{gone}")).to_contain_text("حذف بی‌خبر")
        assert await screen.foreign() == []
        await page.locator("h1 a").click()
        await expect(page.locator("main")).to_contain_text("آخرین مقایسه ۲ محصول متفاوت یافت")
        assert screen.messages == []


async def test_the_addresses_of_another_owner_lead_nowhere(
    system: System, chromium: Chromium, made: Scene, stranger: Browser
) -> None:
    """As if there were nothing; the person's own pages stay one press away."""
    secret = stranger.http.cookies["pilito"]
    async with looking(chromium, system.http.base_url, secret=secret) as screen:
        page = screen.page
        for address in OF_ANOTHER:
            answer = await page.goto(f"{screen.base}{made.places.fill(address)}")
            assert answer is not None
            assert answer.status == 404
            await expect(page.locator("h1")).to_have_text("چنین صفحه‌ای نیست")
            assert await screen.foreign() == []
            assert made.email not in await page.content()
        await page.get_by_role("link", name="رویدادها", exact=True).click()
        await expect(page.locator(".empty")).to_contain_text("رویدادی پیدا نشد")
