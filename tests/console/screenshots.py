"""Pictures of every page, in both languages and themes, on a phone and on a desk: `make screenshots`.

Shows a running service, such as that of `make run`, as an admin sees it.
"""

import asyncio
import os
import re
import sys
from argparse import ArgumentParser
from itertools import product
from pathlib import Path

from playwright.async_api import Browser

from tests.console.pages import PAGES, Page, Places
from tests.console.screen import LANGUAGES, THEMES, WIDTHS, Screen, chromium_running, looking

FOLDER = Path("screenshots")


async def _enter(screen: Screen, email: str, password: str) -> str:
    """Sign in. Returns the secret of the session."""
    await screen.open("/console/sign-in/")
    await screen.page.fill("input[name=email]", email)
    await screen.page.fill("input[name=password]", password)
    await screen.page.click("main form button")
    await screen.page.wait_for_load_state("networkidle")
    cookies = await screen.page.context.cookies()
    secret = next((one.get("value", "") for one in cookies if one.get("name") == "pilito"), "")
    if not secret:
        raise SystemExit("Set PILITO_ADMIN_EMAIL and PILITO_ADMIN_PASSWORD to those of the admin.")
    return secret


async def _first(screen: Screen, address: str, selector: str, attribute: str) -> int:
    """Returns the first number that an attribute on a page ends with; 0 without one."""
    await screen.open(address)
    for element in await screen.page.locator(selector).all():
        found = re.search(r"([0-9]+)/?$", (await element.get_attribute(attribute) or "").partition("?")[0])
        if found:
            return int(found[1])
    return 0


async def _places(screen: Screen) -> Places:
    """Returns what pages are about: the first store, what belongs to it, and a person."""
    store = await _first(screen, "/console/events/", "select[name=store] option", "value")
    event = await _first(screen, f"/console/events/?store={store}", "main tbody a", "href")
    named = await screen.page.locator("main tbody .code").first.inner_text() if event else ""
    token = await _first(screen, f"/console/tokens/?store={store}", "main a[href*='/tokens/']", "href")
    user = await _first(screen, "/console/users/", "main tbody a", "href")
    row = await _first(screen, f"/console/products/?store={store}", "main a[href*='/products/']", "href")
    sync = await _first(screen, f"/console/stores/{store}/syncs/", "main a[href*='/syncs/']", "href")
    return Places(store=store, event=event, product=named.strip(), token=token, user=user, row=row, sync=sync)


async def _take(chromium: Browser, base: str, secret: str, places: Places, folder: Path, page: Page) -> None:
    shown = "" if page.who == "anyone" else secret
    for language, theme in product(LANGUAGES, THEMES):
        async with looking(chromium, base, secret=shown, language=language, theme=theme) as screen:
            await screen.open(places.fill(page.address))
            for width in WIDTHS:
                await screen.page.set_viewport_size({"width": width, "height": 800})
                file = folder / f"{page.name}-{language}-{theme}-{width}.png"
                await screen.page.screenshot(path=file, full_page=True)
            if screen.messages or await screen.overflow() > 0:
                print(f"{page.name} {language} {theme}: {screen.messages or 'wider than the window'}")


async def take(base: str, folder: Path, only: str) -> int:
    """Write the pictures into an existing folder. Returns how many."""
    email = os.environ.get("PILITO_ADMIN_EMAIL", "admin@pilito.local")
    taken = 0
    async with chromium_running() as chromium, looking(chromium, base) as screen:
        secret = await _enter(screen, email, os.environ.get("PILITO_ADMIN_PASSWORD", ""))
        places = await _places(screen)
        for page in (page for page in PAGES if only in page.name):
            if missing := [name for name in places.of(page.address) if not getattr(places, name)]:
                print(f"{page.name} is left out: the service has no {missing[0]} yet")
                continue
            await _take(chromium, base, secret, places, folder, page)
            taken += len(LANGUAGES) * len(THEMES) * len(WIDTHS)
    return taken


def main() -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--base", default="http://127.0.0.1:8000", help="address of the service")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the pictures go")
    parser.add_argument("--only", default="", help="part of the names of pages")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    count = asyncio.run(take(given.base, given.folder, given.only))
    sys.stdout.write(f"{count} pictures in {given.folder}/\n")


if __name__ == "__main__":
    main()
