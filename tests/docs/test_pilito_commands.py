"""The commands of the documents run as they are shown, page by page, on an installation with a shop."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
import pytest_asyncio
from google.protobuf.duration_pb2 import Duration
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.api.workflowservice.v1 import RegisterNamespaceRequest

from contracts.ids import SEARCH_ATTRIBUTES
from embedded.temporal import _program
from fakes.openai import EmbeddingServer
from fakes.woocommerce import KEY, SECRET, ShopServer
from temporal.client import connect
from temporal.deployments import versions
from tests.docs.commands import is_run, pilito, shell
from tests.docs.repository import ROOT
from tests.support.environment import DIMENSIONS, SECRET_KEY, Configure, another_database, empty_database
from tests.support.eventually import eventually
from tests.support.many_products import add_products
from tests.support.pilito import Pilito, Printed
from tests.support.system import System, running, working

PAGES: dict[str, list[str]] = {}
"""Every page with commands that are run here -> these commands, in their order."""

for _block in shell():
    if _block.how != "run by":
        for _command in filter(is_run, _block.commands()):
            PAGES.setdefault(str(_block.page.relative_to(ROOT)), []).append(_command)

QUEUE, VERSIONED = "documents", "documents-versions"
INSTALLATION = "documents-installation"
"""The namespace of the installation: `pilito doctor` finds what other tests left behind in theirs."""

NAMESPACE = "documents"
"""A namespace for the commands of Temporal that change all workflows they find."""

VERSIONS = ("0.1.0", "0.2.0")
"""Versions of the workers that a page rolls out and back."""

PASSWORD = "a long password"


@dataclass(frozen=True)
class Place:
    """Where the commands of a page run: a folder, and what stands for the names on the page."""

    folder: Path
    pilito: Pilito
    stands_for: Mapping[str, str]
    environment: Mapping[str, str]
    restored: Mapping[str, str]

    async def run(self, command: str) -> Printed:
        """Run one command. Returns what it printed, and its exit code."""
        for name, value in self.stands_for.items():
            command = re.sub(name, value, command)
        arguments = pilito(command)
        if arguments is None:
            return await self._in_a_shell(command)
        file = arguments[arguments.index(">") + 1] if ">" in arguments else None
        arguments = arguments[:-2] if file else arguments
        printed = await self.pilito(*arguments, typed=_typed(arguments), **self._elsewhere(arguments))
        if file:
            (self.folder / file).write_text(printed.text)
        return printed

    def _elsewhere(self, arguments: list[str]) -> Mapping[str, str]:
        if arguments[0] == "roll-out":
            return {"PILITO_TASK_QUEUE": VERSIONED}
        return self.restored if arguments[0] == "restore" else {}

    async def _in_a_shell(self, command: str) -> Printed:
        """Temporal changes the workflows that one command found before it begins with the next."""
        return await eventually(
            partial(self._shell, command), lambda printed: "Max concurrent batch" not in printed.text
        )

    async def _shell(self, command: str) -> Printed:
        namespace = INSTALLATION if VERSIONED in command else NAMESPACE
        process = await asyncio.create_subprocess_exec(
            *("bash", "-ec", command),
            cwd=self.folder,
            env={**self.environment, "TEMPORAL_NAMESPACE": namespace, "HOME": str(self.folder)},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        printed, _ = await process.communicate(b"y\n")
        assert process.returncode is not None
        return Printed(process.returncode, printed.decode())


def _typed(arguments: list[str]) -> str:
    return f"{PASSWORD}\n{PASSWORD}\n" if arguments[:2] == ["admin", "create"] else "y\n"


@pytest_asyncio.fixture(scope="module")
async def installation(configure: Configure, postgres_url: str, namespaces: None) -> AsyncIterator[System]:
    """A service that may read shops on this machine, with a store that no page removes."""
    settings = configure(
        task_queue=QUEUE,
        database_url=another_database(postgres_url, "documents"),
        temporal_namespace=INSTALLATION,
        allow_private_shops=True,
        shop_requests_per_minute=1_000_000,
    )
    async with running(settings) as system:
        await system.shop()
        yield system


@pytest_asyncio.fixture(scope="module")
async def workers_with_versions(installation: System) -> AsyncIterator[None]:
    """Workers of both versions, on a queue of their own."""
    first, second = (
        installation.settings.model_copy(update={"task_queue": VERSIONED, "worker_build_id": one})
        for one in VERSIONS
    )
    async with working(first, schedules=False), working(second, schedules=False):
        known = partial(versions, installation.temporal, VERSIONED)
        await eventually(known, lambda found: len(found) == len(VERSIONS), what="both versions")
        yield


@pytest_asyncio.fixture(scope="module")
async def namespaces(temporal_address: str) -> None:
    """Both namespaces, without any workflow."""
    client = await connect(temporal_address, "default")
    keyword = IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD
    attributes = dict.fromkeys(SEARCH_ATTRIBUTES, keyword)
    for name in (INSTALLATION, NAMESPACE):
        await client.workflow_service.register_namespace(
            RegisterNamespaceRequest(
                namespace=name, workflow_execution_retention_period=Duration(seconds=86_400)
            )
        )
        await client.operator_service.add_search_attributes(
            AddSearchAttributesRequest(namespace=name, search_attributes=attributes),
            timeout=timedelta(seconds=30),
        )


@pytest_asyncio.fixture
async def place(
    installation: System,
    server: ShopServer,
    embeddings: EmbeddingServer,
    postgres_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> Place:
    """A folder, and an owner with two stores; one has the products of its shop."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "backups").mkdir()
    (tmp_path / "temporal").symlink_to(_program())
    settings = installation.settings
    shop = await installation.shop(
        currency="IRT", base_url=server.base_url, credentials={"consumer_key": KEY, "consumer_secret": SECRET}
    )
    second = await installation.second_shop(shop.user_id, currency="USD")
    products = [server.add(name=name) for name in ("Lamp", "چراغ")]
    await add_products(installation.database, shop.store_id, len(products), first=products[0])
    (owner,) = await shop.rows(
        "SELECT email FROM users JOIN stores ON user_id = users.id WHERE stores.id = :store"
    )
    settled = {
        "PILITO_DATABASE_URL": settings.database_url or "",
        "PILITO_TEMPORAL_ADDRESS": settings.temporal_address or "",
        "PILITO_TEMPORAL_NAMESPACE": INSTALLATION,
        "PILITO_TASK_QUEUE": QUEUE,
        "PILITO_SECRET_KEY": SECRET_KEY,
        "PILITO_ALLOW_PRIVATE_SHOPS": "true",
        "PILITO_EMBEDDING_DIMENSIONS": str(DIMENSIONS),
        "PILITO_STATE_DIR": str(tmp_path),
        "OPENAI_API_KEY": "test",
        "OPENAI_BASE_URL": embeddings.base_url,
        "COLUMNS": "160",
    }
    name = re.sub(r"\W", "_", request.node.name)
    return Place(
        folder=tmp_path,
        pilito=Pilito(settled),
        stands_for={
            r"(?<=\s)(?:STORE|3)(?=\s|$)": str(shop.store_id),
            r"(?<=\s)4(?=\s)": str(second.store_id),
            r"\bstore-3-": f"store-{shop.store_id}-",
            r"\bEMAIL\b": owner["email"],
            r"(?<=--deployment-name )pilito-sync": VERSIONED,
            r"(?<=\s)/backups/": f"{tmp_path}/backups/",
        },
        environment={
            "PATH": f"{tmp_path}:/usr/bin:/bin",
            "TEMPORAL_ADDRESS": settings.temporal_address or "",
        },
        restored={
            "PILITO_DATABASE_URL": empty_database(postgres_url, name.lower()[-60:]),
            "PILITO_TASK_QUEUE": "documents-restored",
        },
    )


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.usefixtures("workers_with_versions")
async def test_the_commands_of_a_page_succeed(place: Place, page: str) -> None:
    """One after the other. A command in a container runs without the container."""
    for command in PAGES[page]:
        printed = await place.run(command)
        assert printed.code == 0, f"{command}\n{printed.text}"
