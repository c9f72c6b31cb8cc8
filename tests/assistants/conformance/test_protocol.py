"""The official conformance suite grades the MCP server, in every version that it knows."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from database.access import stores
from tests.assistants.conformance.expected import EXPECTED, PASSED
from tests.assistants.conformance.suite import LOCKED, graded, installed
from tests.assistants.mcp.shops import ENGLISH
from tests.support.environment import Configure
from tests.support.search_catalogue import stocked
from tests.support.system import System, serving


@pytest.fixture(scope="module")
def program(programs: None) -> Path:
    return installed()


@pytest_asyncio.fixture(scope="module")
async def url(system: System, configure: Configure) -> AsyncIterator[str]:
    """The address of a public store, because the suite sends no token."""
    shop = await stocked(await system.shop(currency="USD"), ENGLISH)
    async with system.database.transaction() as connection:
        await stores.change(connection, shop.store_id, {"assistant_access": "public"})
    async with serving(configure(public_requests_per_minute=100_000)) as http:
        yield f"{str(http.base_url).rstrip('/')}/mcp/{shop.store_id}"


@pytest.mark.parametrize("version", PASSED)
async def test_the_server_conforms(program: Path, url: str, version: str, tmp_path: Path) -> None:
    """Every check passes that needs no tool of the suite and nothing that the server does not declare."""
    scenarios = await graded(program, url, version, tmp_path)
    checks = [check for each in scenarios.values() for check in each]
    failed = {check["id"]: check.get("errorMessage") for check in checks if check["status"] == "FAILURE"}
    assert failed.keys() == {check["id"] for check in checks} & EXPECTED.keys(), failed
    passed = {
        name: sum(check["status"] == "SUCCESS" for check in scenarios[name]) for name in PASSED[version]
    }
    assert passed == PASSED[version]


def test_every_expected_failure_has_a_reason() -> None:
    """A sentence."""
    assert all(reason.endswith(".") for reason in EXPECTED.values())


def test_the_lock_file_names_no_registry() -> None:
    """npm asks the registry of the machine, and compares hashes."""
    packages = json.loads((LOCKED / "package-lock.json").read_text())["packages"]
    others = {name: one for name, one in packages.items() if name}
    assert all(one["integrity"].startswith("sha512-") for one in others.values())
    assert not any("resolved" in one for one in others.values())
