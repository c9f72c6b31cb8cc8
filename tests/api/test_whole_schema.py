"""schemathesis sends the API requests that its document allows, and many that it does not allow."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import text

from database.access import provision
from fakes import openai as servers
from fakes.openai import EmbeddingServer
from tests.support.environment import Configure, another_database
from tests.support.eventually import eventually
from tests.support.sessions import session_of
from tests.support.shop import FINAL, Shop
from tests.support.system import System, running

CONFIGURATION = Path(__file__).with_name("schemathesis.toml")
LAMP = {"id": 1, "name": "لامپ", "description": "<p>روشن</p>", "price": "5", "variations": [{"id": 11}]}

SHORT = ("--max-examples", "3", "--phases", "examples,fuzzing")
"""For operations that the credentials do not open, which give one answer."""

UNLUCKY = 4
"""The product with an event that failed before schemathesis started."""


async def in_work(system: System) -> int:
    waiting = text("SELECT count(*) FROM events WHERE NOT status = ANY(:final)")
    async with system.database.reading() as connection:
        count: int = (await connection.execute(waiting, {"final": FINAL})).scalar_one()
    return count


async def at_rest(system: System) -> None:
    await eventually(lambda: in_work(system), lambda count: count == 0, what="the end of all events")


@pytest_asyncio.fixture(scope="module")
async def system(postgres_url: str, configure: Configure) -> AsyncIterator[System]:
    """A separate service, because schemathesis may delete everything that an admin may delete."""
    address = another_database(postgres_url, "asked")
    async with running(configure(database_url=address, task_queue="asked")) as started:
        async with started.database.transaction() as connection:
            await connection.exec_driver_sql("ALTER TABLE stores ALTER COLUMN id RESTART WITH 1000000")
        yield started


@pytest_asyncio.fixture
async def shop(system: System, embeddings: EmbeddingServer) -> Shop:
    """A shop of an admin, with products and events with several statuses."""
    admin = await provision.save_user(system.database, email="all@example.com", password="p", is_staff=True)
    shop = await system.second_shop(admin)
    await shop.sync(LAMP)
    await shop.sync({"id": 2, "name": "پیش‌نویس", "status": "draft"})
    await shop.sync({"id": 3}, "product.deleted")
    embeddings.fail_always(servers.bad_request())
    await shop.sync({**LAMP, "id": UNLUCKY, "variations": []})
    embeddings.fail_always(None)
    return shop


Credentials = Callable[[System, Shop], Awaitable[dict[str, str]]]


async def as_admin(system: System, shop: Shop) -> dict[str, str]:
    return await session_of(system, shop.user_id)


async def with_token(_: System, shop: Shop) -> dict[str, str]:
    return shop.headers


async def without_token(_: System, __: Shop) -> dict[str, str]:
    return {}


async def opened_by(system: System, schemes: Collection[str]) -> list[str]:
    """Returns the operations that the document opens to one of the schemes; "" stands for no credentials."""
    paths = (await system.http.get("/openapi.json")).json()["paths"]
    return [
        f"{method.upper()} {path}"
        for path, operations in paths.items()
        for method, operation in operations.items()
        if any(next(iter(needed), "") in schemes for needed in operation.get("security", [{}]))
    ]


async def asked(system: System, folder: Path, headers: dict[str, str], *options: str) -> str:
    """Let schemathesis ask the operations that the options select. Returns what it printed."""
    process = await asyncio.create_subprocess_exec(
        Path(sys.executable).with_name("schemathesis"),
        "--config-file",
        CONFIGURATION,
        "--no-color",
        "run",
        *options,
        f"{str(system.http.base_url).rstrip('/')}/openapi.json",
        *(f"--header={name}: {value}" for name, value in headers.items()),
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    printed, _ = await process.communicate()
    assert process.returncode == 0, printed.decode()
    return printed.decode()


@pytest.mark.parametrize(
    ("credentials", "schemes", "reaches"),
    [
        (as_admin, {"session", "adminSession"}, "GET /api/v1/integrations/events/"),
        (with_token, {"integrationToken"}, "POST /api/integrations/woocommerce/webhook/"),
        (without_token, {""}, "GET /readyz"),
    ],
)
async def test_the_api_is_what_its_document_says(
    system: System, shop: Shop, tmp_path: Path, credentials: Credentials, schemes: set[str], reaches: str
) -> None:
    """No 5xx and no undocumented status, header or body; wrong data is refused, right data accepted.

    All phases run for the operations that the credentials open, short ones for all others.
    """
    headers = await credentials(system, shop)
    opened = await opened_by(system, schemes)
    assert reaches in opened
    printed = await asked(system, tmp_path, headers, *(f"--include-name={name}" for name in opened))
    assert f"- {reaches}\n" not in printed, "it is among those that only refused"
    await asked(system, tmp_path, headers, *SHORT, *(f"--exclude-name={name}" for name in opened))
    await at_rest(system)
    failed = await shop.rows("SELECT payload FROM events WHERE store_id = :store AND status = 'failed'")
    assert {row["payload"]["id"] for row in failed} <= {UNLUCKY}, "what is accepted can be processed"
