"""Every page in a real browser: for screen readers, in both languages and themes, on phone and desk."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from itertools import product

import pytest
import pytest_asyncio
from playwright.async_api import Browser as Chromium
from playwright.async_api import BrowserContext

from tests.console.browser import Browser
from tests.console.pages import PAGES, Page
from tests.console.scene import Scene
from tests.console.screen import LANGUAGES, NARROW, WIDE, WIDTHS, looking, tab, window
from tests.support.system import System

NAMES = [page.name for page in PAGES]
OF_OWNERS = [page for page in PAGES if page.who != "staff"]

Windows = dict[tuple[str, bool], BrowserContext]
"""Windows by their language, and whether the person in them is signed in."""

_GROUND = "getComputedStyle(document.body).backgroundColor"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def windows(system: System, chromium: Chromium, admin_browser: Browser) -> AsyncIterator[Windows]:
    """Windows of an admin, and of a person who is not signed in; files are loaded once in each."""
    secret = admin_browser.http.cookies["pilito"]
    async with AsyncExitStack() as open_ones:
        yield {
            (language, is_known): await open_ones.enter_async_context(
                window(chromium, system.http.base_url, secret=secret if is_known else "", language=language)
            )
            for language, is_known in product(LANGUAGES, (True, False))
        }


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def phone(system: System, chromium: Chromium, owning: Browser) -> AsyncIterator[BrowserContext]:
    """A narrow window of the owner, without scripts."""
    secret = owning.http.cookies["pilito"]
    async with window(chromium, system.http.base_url, secret=secret, width=NARROW, script=False) as opened:
        yield opened


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("page", PAGES, ids=NAMES)
async def test_a_page_is_accessible_fits_and_is_silent(
    system: System, windows: Windows, made: Scene, page: Page, language: str
) -> None:
    """In both themes: axe finds nothing, all is in its place, in one language, and nothing is logged."""
    async with tab(windows[language, page.who != "anyone"], system.http.base_url) as screen:
        await screen.open(made.places.fill(page.address))
        assert await screen.page.evaluate("document.documentElement.lang") == language
        assert language == "en" or await screen.foreign() == []
        for width in WIDTHS:
            await screen.widen(width)
            assert await screen.misplaced() == [], width
            assert await screen.too_long() == [], width
        await screen.widen(WIDE)
        assert await screen.violations() == []
        await screen.widen(NARROW)
        assert await screen.violations("scrollable-region-focusable", "target-size") == []
        ground = await screen.page.evaluate(_GROUND)
        await screen.page.emulate_media(color_scheme="dark")
        assert await screen.page.evaluate(_GROUND) != ground
        assert await screen.violations("color-contrast", "link-in-text-block") == []
        assert screen.messages == []


@pytest.mark.parametrize("page", OF_OWNERS, ids=[page.name for page in OF_OWNERS])
async def test_a_page_for_its_owner_fits_a_phone_without_scripts(
    system: System, phone: BrowserContext, made: Scene, page: Page
) -> None:
    """Also one that leads on to another page."""
    async with tab(phone, system.http.base_url) as screen:
        await screen.open(made.places.fill(page.address))
        assert await screen.page.locator("h1").count() == 1
        right = await screen.page.locator("h1").bounding_box()
        assert right is not None
        assert right["x"] >= 0
        assert right["x"] + right["width"] <= NARROW


async def test_the_theme_of_the_system_looks_like_the_chosen_one(
    system: System, chromium: Chromium, owning: Browser, made: Scene
) -> None:
    seen = []
    for prefers, theme in (("light", "dark"), ("dark", ""), ("dark", "light")):
        secret = owning.http.cookies["pilito"]
        async with looking(
            chromium, system.http.base_url, secret=secret, prefers=prefers, theme=theme
        ) as screen:
            await screen.open(made.places.fill("/console/events/?store={store}"))
            seen.append(
                await screen.page.evaluate(
                    "['body', '.card', '.status', '.note', 'button', 'input'].map(name => {"
                    " const style = getComputedStyle(document.querySelector(name));"
                    " return [style.color, style.backgroundColor] })"
                )
            )
    assert seen[0] == seen[1]
    assert seen[0] != seen[2]


async def test_the_keyboard_reaches_everything_of_a_page(
    system: System, chromium: Chromium, owning: Browser, made: Scene
) -> None:
    """The first stop leads past the menu, and every link, field and button has a visible focus."""
    async with looking(chromium, system.http.base_url, secret=owning.http.cookies["pilito"]) as screen:
        await screen.open(made.places.fill("/console/events/?store={store}"))
        await screen.page.keyboard.press("Tab")
        assert await screen.page.evaluate("document.activeElement.className") == "skip"
        expected = await screen.page.locator(
            "a[href]:visible, button:visible, select:visible, input:not([type=hidden]):visible"
        ).count()
        reached = set()
        for _ in range(3 * expected):  # a field with a date has a stop for each of its parts
            await screen.page.keyboard.press("Tab")
            reached.add(
                await screen.page.evaluate(
                    "[...document.querySelectorAll('a,button,select,input')].indexOf(document.activeElement)"
                )
            )
        assert len(reached - {-1}) >= expected - 1
