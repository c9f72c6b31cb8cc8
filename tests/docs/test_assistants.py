"""The pages about assistants: what can run here runs against the API, as pasted."""

import asyncio
import json
import os
import re
import sys
from typing import Any

import pytest

from embedded.bootstrap import sample_products
from tests.support.environment import ROOT
from tests.support.sessions import session
from tests.support.shop import Shop
from tests.support.system import System

PAGES = ROOT / "docs" / "assistants"
EXAMPLE_SHOE = "کفش پیاده‌روی زنانه آرام"
ELSEWHERE = re.compile(r"needs an OpenAI key|langchain_mcp_adapters")
"""Programs that need an account, or a package that does not fit into this environment."""

PROGRAM = re.compile(r'```python title="([^"]+)"\n(.*?)```', re.DOTALL)
COMMAND = re.compile(r"```sh\n(curl .*?)```", re.DOTALL)


def programs() -> list[Any]:
    return [
        pytest.param(code, id=f"{page.stem}-{title}")
        for page in sorted(PAGES.glob("*.md"))
        for title, code in PROGRAM.findall(page.read_text())
        if not ELSEWHERE.search(title + code)
    ]


def commands() -> list[Any]:
    return [
        pytest.param(command, id=f"{page.stem}-{place}")
        for page in (PAGES / name for name in ("curl.md", "index.md", "ucp.md"))
        for place, command in enumerate(COMMAND.findall(page.read_text()), 1)
    ]


async def stocked(shop: Shop) -> dict[str, str]:
    """Send the sample catalogue. Returns the variables that the pages use."""
    for product in sample_products():
        await shop.sync(product)
    address = str(shop.http.base_url).rstrip("/")
    return {"PILITO_URL": address, "TOKEN": shop.secret, "STORE": str(shop.store_id)}


async def printed(*command: str, variables: dict[str, str]) -> str:
    process = await asyncio.create_subprocess_exec(
        *command,
        env={"PATH": os.environ["PATH"], "OPENAI_AGENTS_DISABLE_TRACING": "1", **variables},
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0
    return output.decode()


@pytest.mark.parametrize("code", programs())
async def test_programs_find_the_shoe(shop: Shop, code: str) -> None:
    variables = await stocked(shop)
    answered = await printed(sys.executable, "-c", code, variables=variables)
    assert EXAMPLE_SHOE in answered or EXAMPLE_SHOE in answered.encode().decode("unicode_escape", "ignore")


@pytest.mark.parametrize("command", commands())
async def test_commands_answer(system: System, shop: Shop, command: str) -> None:
    admin = await session(system, f"admin-{shop.store_id}@example.com", is_staff=True)
    variables = {**await stocked(shop), "SESSION": admin["Authorization"].removeprefix("Bearer ")}
    command = command.replace("http://127.0.0.1:8000", variables["PILITO_URL"])
    command = re.sub(r"/(ucp|stores)/\d/", rf"/\1/{shop.store_id}/", command)
    answer = json.loads(await printed("bash", "-c", command, variables=variables))
    assert not {"error", "detail"} & answer.keys()
    if "کفش" in command:
        assert EXAMPLE_SHOE in json.dumps(answer, ensure_ascii=False)


@pytest.mark.parametrize("page", sorted(PAGES.glob("*.md")), ids=lambda page: page.stem)
def test_configurations_are_json(page: Any) -> None:
    for example in re.findall(r"```json\n(.*?)```", page.read_text(), re.DOTALL):
        assert json.loads(example)["mcpServers"]["pilito"]["url"].endswith("/mcp")
