"""Every page in a real browser: for screen readers, in both languages and themes, on phone and desk."""

import pytest
from playwright.async_api import Browser as Chromium

from tests.console.browser import Browser
from tests.console.pages import PAGES, Page
from tests.console.scene import Scene
from tests.console.screen import HEIGHT, LANGUAGES, NARROW, THEMES, WIDTHS, looking
from tests.support.system import System

NAMES = [page.name for page in PAGES]


def secret_of(browser: Browser, page: Page) -> str:
    return "" if page.who == "anyone" else browser.http.cookies["pilito"]


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("page", PAGES, ids=NAMES)
async def test_a_page_is_accessible_fits_and_is_silent(
    system: System,
    chromium: Chromium,
    admin_browser: Browser,
    made: Scene,
    page: Page,
    language: str,
    theme: str,
) -> None:
    """axe finds nothing, nothing is wider than the window, and nothing is written to the console."""
    secret = secret_of(admin_browser, page)
    async with looking(
        chromium, system.http.base_url, secret=secret, language=language, theme=theme
    ) as screen:
        await screen.open(made.places.fill(page.address))
        for width in WIDTHS:
            await screen.page.set_viewport_size({"width": width, "height": HEIGHT})
            assert await screen.violations() == [], width
            assert await screen.overflow() <= 0, width
        assert await screen.page.evaluate("document.documentElement.lang") == language
        assert await screen.page.evaluate("document.documentElement.dataset.theme") == theme
        assert screen.messages == []


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
async def test_a_page_for_its_owner_fits_a_phone_without_scripts(
    system: System, chromium: Chromium, owning: Browser, made: Scene, page: Page
) -> None:
    if page.who == "staff":
        pytest.skip("a page of admins")
    async with looking(
        chromium, system.http.base_url, secret=secret_of(owning, page), width=NARROW, script=False
    ) as screen:
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
