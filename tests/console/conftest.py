"""Fixtures of the console: a store with events, and people who look at it."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest_asyncio

from tests.console.browser import Browser, visiting
from tests.console.scene import Scene, owner, scene
from tests.support.system import System

if TYPE_CHECKING:
    from playwright.async_api import Browser as Chromium


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def made(system: System) -> Scene:
    """A store with events, the same for all tests of a module."""
    return await scene(system)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def owning(system: System, made: Scene) -> AsyncIterator[Browser]:
    """The browser of the owner of `made`."""
    async with await owner(system, made) as browser:
        yield browser


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stranger(system: System) -> AsyncIterator[Browser]:
    """The browser of a person who owns another store."""
    shop = await system.shop()
    async with await visiting(system, shop.user_id) as browser:
        yield browser


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def storeless(system: System) -> AsyncIterator[Browser]:
    """The browser of a person who owns no store."""
    async with await visiting(system) as browser:
        yield browser


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def admin_browser(system: System) -> AsyncIterator[Browser]:
    """The browser of an admin."""
    async with await visiting(system, is_staff=True) as browser:
        yield browser


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium(programs: None) -> "AsyncIterator[Chromium]":
    """Chromium without a window, started once."""
    from tests.console.screen import chromium_running

    async with chromium_running() as browser:
        yield browser
