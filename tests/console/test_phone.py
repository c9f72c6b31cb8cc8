"""What a phone shows without scrolling to the side."""

import pytest
from playwright.async_api import Browser as Chromium

from tests.console.browser import Browser
from tests.console.scene import Scene
from tests.console.screen import LANGUAGES, NARROW, looking
from tests.support.system import System

_OUTSIDE = """
    (name) => [...document.querySelectorAll(name)].filter((one) => {
        const box = one.getBoundingClientRect();
        return box.left < 0 || box.right > document.documentElement.clientWidth;
    }).length
"""


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_menu_and_the_reasons_of_events_fit(
    system: System, chromium: Chromium, owning: Browser, made: Scene, language: str
) -> None:
    secret = owning.http.cookies["pilito"]
    async with looking(
        chromium, system.http.base_url, secret=secret, language=language, width=NARROW
    ) as screen:
        await screen.open(made.places.fill("/console/events/?store={store}"))
        for name in ("nav.pages a", ".log .status", ".log td.reason"):
            assert await screen.page.locator(name).count() > 0
            assert await screen.page.evaluate(_OUTSIDE, name) == 0, name
