"""A real browser: Debian's chromium, as a person looks at it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from playwright.async_api import Browser, Page, async_playwright

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
NARROW, WIDE = 360, 1280
WIDTHS = (NARROW, WIDE)
LANGUAGES = ("fa", "en")
THEMES = ("light", "dark")
HEIGHT = 900
PATIENCE = 30_000
"""Milliseconds that an element may need to appear, for machines under load."""


@dataclass(frozen=True, slots=True)
class Screen:
    """A tab, with what it wrote to its console and what it could not load."""

    page: Page
    base: str
    messages: list[str] = field(default_factory=list)

    async def open(self, address: str) -> None:
        """Show a page of the service, and wait until it has loaded whole."""
        answer = await self.page.goto(f"{self.base}{address}", wait_until="networkidle")
        assert answer is not None
        assert answer.ok, f"{answer.status} of {address}"

    async def overflow(self) -> int:
        """Returns by how many pixels the page is wider than its window."""
        width: int = await self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        return width

    async def violations(self) -> list[str]:
        """Returns what axe finds, each with its rule and the elements."""
        found = await Axe().run(self.page)
        return [
            f"{one['id']}: {one['help']}: " + "; ".join(node["html"][:160] for node in one["nodes"][:4])
            for one in found.response["violations"]
        ]


@asynccontextmanager
async def chromium_running() -> AsyncIterator[Browser]:
    """Run chromium while the context is open."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            yield browser
        finally:
            await browser.close()


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
    """Open a tab without history; `secret` is of a session, `prefers` the theme of the person's system."""
    address = str(base).rstrip("/")
    context = await chromium.new_context(
        viewport={"width": width, "height": HEIGHT},
        color_scheme="dark" if prefers == "dark" else "light",
        java_script_enabled=script,
        locale=locale,
    )
    context.set_default_timeout(PATIENCE)
    cookies = {"pilito": secret, "pilito_language": language, "pilito_theme": theme}
    await context.add_cookies(
        [{"name": name, "value": value, "url": address} for name, value in cookies.items() if value]
    )
    page = await context.new_page()
    screen = Screen(page, address)
    page.on("console", lambda message: screen.messages.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: screen.messages.append(str(error)))
    page.on("requestfailed", lambda request: screen.messages.append(f"not loaded: {request.url}"))
    try:
        yield screen
    finally:
        await context.close()
