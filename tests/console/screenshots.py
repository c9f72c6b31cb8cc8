"""Pictures of every page, in both languages and themes, on a phone and on a desk: `make screenshots`.

Shows a running service, such as that of `make run`, as an admin sees it.
"""

import asyncio
import os
import re
import shutil
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from itertools import groupby, product
from pathlib import Path

from playwright.async_api import Browser

from tests.console.pages import PAGES, Page, Places
from tests.console.screen import (
    LANGUAGES,
    NARROW,
    THEMES,
    WIDE,
    Screen,
    chromium_running,
    looking,
    tab,
    window,
)

FOLDER = Path("screenshots")
DOCS = Path("docs/images")

FOR_DOCS = (
    ("overview-fa", "/console/", "fa", "light", 1120, 900),
    ("events-en", "/console/events/?store={store}", "en", "dark", 1120, 760),
    ("search-fa", "/console/search/?store={store}&q=کفش راحت برای پیاده‌روی", "fa", "light", 1120, 1000),
    ("phone-fa", "/console/products/explain/?store={store}&external_id={product}", "fa", "dark", NARROW, 760),
)
"""The name of each picture, its address, language and theme, and its width and height in pixels."""


async def _enter(screen: Screen) -> str:
    """Sign in. Returns the secret of the session."""
    await screen.open("/console/sign-in/")
    await screen.page.fill("input[name=email]", os.environ.get("PILITO_ADMIN_EMAIL", "admin@pilito.local"))
    await screen.page.fill("input[name=password]", os.environ.get("PILITO_ADMIN_PASSWORD", ""))
    await screen.page.click("main form button")
    await screen.page.wait_for_load_state()
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
    retry = await _first(screen, "/console/events/retry/", "main a[href*='/retries/']", "href")
    return Places(
        store=store,
        event=event,
        product=named.strip(),
        token=token,
        user=user,
        row=row,
        sync=sync,
        retry=retry,
    )


async def _take(screen: Screen, address: str, file: str, widths: Sequence[int]) -> None:
    """Write a picture of the whole page in each width; say what is out of its place."""
    await screen.open(address)
    for width in widths:
        await screen.widen(width)
        await screen.page.screenshot(path=f"{file}-{width}.png", full_page=True)
        if wrong := [*screen.messages, *await screen.misplaced(), *await screen.too_long()]:
            print(f"{file}-{width}: {'; '.join(wrong)}")
        screen.messages.clear()


async def _take_for_docs(chromium: Browser, base: str, secret: str, places: Places) -> None:
    """Write the pictures of README, in as few colours as the eye sees if pngquant is installed."""
    for name, address, language, theme, width, height in FOR_DOCS:
        async with looking(
            chromium, base, secret=secret, language=language, theme=theme, width=width
        ) as screen:
            await screen.page.set_viewport_size({"width": width, "height": height})
            await screen.open(places.fill(address))
            await screen.page.screenshot(path=DOCS / f"console-{name}.png")
        if pngquant := shutil.which("pngquant"):
            reduced = (pngquant, "--force", "--skip-if-larger", "--ext", ".png", DOCS / f"console-{name}.png")
            await (await asyncio.create_subprocess_exec(*reduced)).wait()


async def take(base: str, folder: Path, only: str, widths: Sequence[int]) -> int:
    """Write the pictures into an existing folder. Returns how many."""
    async with chromium_running() as chromium, looking(chromium, base) as screen:
        secret = await _enter(screen)
        places = await _places(screen)
        chosen = [page for page in PAGES if only in page.name and not _missing(places, page)]
        for language, theme in product(LANGUAGES, THEMES):
            for is_known, pages in groupby(chosen, key=lambda page: page.who != "anyone"):
                async with (
                    window(
                        chromium, base, secret=secret if is_known else "", language=language, theme=theme
                    ) as opened,
                    tab(opened, base) as shown,
                ):
                    for page in pages:
                        file = folder / f"{page.name}-{language}-{theme}"
                        await _take(shown, places.fill(page.address), str(file), widths)
    return len(chosen) * len(LANGUAGES) * len(THEMES) * len(widths)


async def take_for_docs(base: str) -> int:
    """Write the pictures of README and the guide. Returns how many."""
    async with chromium_running() as chromium, looking(chromium, base) as screen:
        secret = await _enter(screen)
        await _take_for_docs(chromium, base, secret, await _places(screen))
    return len(FOR_DOCS)


def _missing(places: Places, page: Page) -> bool:
    """Returns whether the service has nothing yet that the page is about, and says so."""
    missing = [name for name in places.of(page.address) if not getattr(places, name)]
    if missing:
        print(f"{page.name} is left out: the service has no {missing[0]} yet")
    return bool(missing)


def main() -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--base", default="http://127.0.0.1:8000", help="address of the service")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the pictures go")
    parser.add_argument("--only", default="", help="part of the names of pages")
    parser.add_argument("--widths", type=int, nargs="+", default=[NARROW, WIDE], help="in pixels")
    parser.add_argument("--docs", action="store_true", help="only the pictures of the documents, into docs/")
    given = parser.parse_args()
    if given.docs:
        count, folder = asyncio.run(take_for_docs(given.base)), DOCS
    else:
        given.folder.mkdir(parents=True, exist_ok=True)
        count, folder = asyncio.run(take(given.base, given.folder, given.only, given.widths)), given.folder
    sys.stdout.write(f"{count} pictures in {folder}/\n")


if __name__ == "__main__":
    main()
