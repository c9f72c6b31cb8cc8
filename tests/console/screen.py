"""A real browser: Debian's Chromium without a window, which takes half the CPU of one with a window."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from tests.console import layout

CHROMIUM = "/usr/bin/chromium-headless-shell"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
NARROW, WIDE, WIDEST = 360, 1280, 1920
WIDTHS = (NARROW, WIDE, WIDEST)
LANGUAGES = ("fa", "en")
THEMES = ("light", "dark")
HEIGHT = 900
PATIENCE = 30_000
"""Milliseconds that an element may need to appear, for machines under load."""

_AXE = (
    "(options) => axe.run(document, {resultTypes: ['violations'], ...options}).then((all) => all.violations)"
)


@dataclass(frozen=True, slots=True)
class Screen:
    """A tab, with what it wrote to its console and what it could not load."""

    page: Page
    base: str
    messages: list[str] = field(default_factory=list)

    async def open(self, address: str) -> None:
        """Show a page of the service, and wait until it has loaded with its fonts."""
        answer = await self.page.goto(f"{self.base}{address}")
        assert answer is not None
        assert answer.ok, f"{answer.status} of {address}"
        await self.page.evaluate("document.fonts.ready.then(() => null)")

    async def widen(self, width: int) -> None:
        """Change the width of the window, in pixels."""
        await self.page.set_viewport_size({"width": width, "height": HEIGHT})

    async def misplaced(self) -> list[str]:
        """Returns what is wider than the window, or than its own box."""
        found: list[str] = await self.page.evaluate(layout.MISPLACED)
        return found

    async def too_long(self) -> list[str]:
        """Returns the texts with a line that is too long to read."""
        found: list[str] = await self.page.evaluate(layout.TOO_LONG, layout.LONGEST_LINE)
        return found

    async def foreign(self) -> list[str]:
        """Returns the texts of a Persian page that are not Persian."""
        found: list[str] = await self.page.evaluate(layout.FOREIGN, list(layout.NAMES))
        return found

    async def violations(self, *rules: str) -> list[str]:
        """Returns what axe finds, by all of its rules or some, each with its rule and the elements."""
        if not await self.page.evaluate("'axe' in window"):
            await self.page.evaluate(Axe().axe_script)
        only = {"runOnly": {"type": "rule", "values": list(rules)}} if rules else {}
        return [
            f"{one['id']}: {one['help']}: " + "; ".join(node["html"][:160] for node in one["nodes"][:4])
            for one in await self.page.evaluate(_AXE, only)
        ]


@asynccontextmanager
async def chromium_running() -> AsyncIterator[Browser]:
    """Run chromium while the context is open; also `expect` waits for `PATIENCE`."""
    expect.set_options(timeout=PATIENCE)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def window(
    chromium: Browser,
    base: object,
    *,
    secret: str = "",
    language: str = "",
    theme: str = "",
    width: int = WIDE,
    script: bool = True,
    prefers: str = "light",
    locale: str = "fa-IR",
) -> AsyncIterator[BrowserContext]:
    """Open a window without history; `secret` is of a session, `prefers` the theme of the person's system.

    Nothing moves in it: a colour that changes slowly would be judged on its way.
    """
    address = str(base).rstrip("/")
    opened = await chromium.new_context(
        viewport={"width": width, "height": HEIGHT},
        color_scheme="dark" if prefers == "dark" else "light",
        reduced_motion="reduce",
        java_script_enabled=script,
        locale=locale,
    )
    opened.set_default_timeout(PATIENCE)
    cookies = {"pilito": secret, "pilito_language": language, "pilito_theme": theme}
    await opened.add_cookies(
        [{"name": name, "value": value, "url": address} for name, value in cookies.items() if value]
    )
    try:
        yield opened
    finally:
        await opened.close()


@asynccontextmanager
async def tab(opened: BrowserContext, base: object) -> AsyncIterator[Screen]:
    """Open a tab of a window."""
    page = await opened.new_page()
    screen = Screen(page, str(base).rstrip("/"))
    page.on("console", lambda message: screen.messages.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: screen.messages.append(str(error)))
    page.on("requestfailed", lambda request: screen.messages.append(f"not loaded: {request.url}"))
    try:
        yield screen
    finally:
        await page.close()


@asynccontextmanager
async def looking(
    chromium: Browser,
    base: object,
    *,
    secret: str = "",
    language: str = "",
    theme: str = "",
    width: int = WIDE,
    script: bool = True,
    prefers: str = "light",
    locale: str = "fa-IR",
) -> AsyncIterator[Screen]:
    """Open a tab in a window of its own, see `window`."""
    async with (
        window(
            chromium,
            base,
            secret=secret,
            language=language,
            theme=theme,
            width=width,
            script=script,
            prefers=prefers,
            locale=locale,
        ) as opened,
        tab(opened, base) as screen,
    ):
        yield screen
