"""A part of a page that cannot be loaded again says so above it, and goes on when it can."""

from playwright.async_api import Browser as Chromium
from playwright.async_api import Route, expect

from tests.console.browser import Browser
from tests.console.scene import Scene
from tests.console.screen import looking
from tests.console.test_retries import RETRIES, begun
from tests.support.system import System


async def _of_a_proxy(route: Route) -> None:
    await route.fulfill(status=502, body="<html><body>bad gateway</body></html>")


async def _cut(route: Route) -> None:
    await route.abort()


async def test_a_part_that_cannot_be_loaded_says_so_and_goes_on(
    system: System, chromium: Chromium, owning: Browser, made: Scene
) -> None:
    """Without a connection and with the page of a proxy; the part stays, in the person's language."""
    places = made.places
    path = f"{RETRIES}{await begun(system, made.user_id, places.store, [places.event], is_over=True)}/"
    secret = owning.http.cookies["pilito"]
    async with looking(chromium, system.http.base_url, secret=secret, language="fa") as screen:
        await screen.open(path)
        page, trouble = screen.page, screen.page.locator("#trouble p")
        await expect(trouble).to_have_count(0)
        for broken in (_cut, _of_a_proxy):
            await page.route(f"**{path}", broken)
            await expect(trouble).to_contain_text("سرویس در دسترس نیست")
            await expect(page.locator("#retry progress")).to_be_visible()
            await page.unroute(f"**{path}")
            await expect(trouble).to_have_count(0)
        await page.context.clear_cookies(name="pilito")
        await page.wait_for_url("**/console/sign-in/?next=*retries*")
