"""A shop of each language."""

import pytest_asyncio

from tests.assistants.mcp.shops import ENGLISH, PERSIAN
from tests.support.search_catalogue import stocked
from tests.support.shop import Shop
from tests.support.system import System


@pytest_asyncio.fixture(scope="package")
async def persian(system: System) -> Shop:
    """A shop in Persian, with prices in toman."""
    return await stocked(await system.shop(currency="IRT"), PERSIAN)


@pytest_asyncio.fixture(scope="package")
async def english(system: System) -> Shop:
    """A shop in English, with prices in dollars."""
    return await stocked(await system.shop(currency="USD"), ENGLISH)
