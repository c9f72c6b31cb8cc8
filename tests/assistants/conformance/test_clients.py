"""Clients of others, which know the older versions of the protocol, against the running API."""

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from agents.mcp import MCPServerStreamableHttp
from agents.mcp.util import MCPUtil
from mcp_types import TextContent

from api.assistants.mcp.definitions import TOOLS
from tests.assistants.conformance.suite import LOCKED, NODE, installed
from tests.assistants.mcp.clients import address
from tests.support.shop import Shop

QUESTIONS = {"persian": ("چراغ برای کتاب خواندن", "چراغ مطالعه رومیزی"), "english": ("lamp", "Reading lamp")}


@pytest.fixture
def shop(language: str, persian: Shop, english: Shop) -> Shop:
    return {"persian": persian, "english": english}[language]


@pytest.fixture(scope="module")
def script(programs: None) -> Path:
    """The script, in the folder of the packages that it imports."""
    folder = installed().parents[4]
    return Path(shutil.copy(LOCKED / "client.mjs", folder))


@pytest.mark.parametrize("language", QUESTIONS)
async def test_the_typescript_client(script: Path, shop: Shop, language: str) -> None:
    """Connects by a handshake, checks results against the output schemas, and closes."""
    query, title = QUESTIONS[language]
    process = await asyncio.create_subprocess_exec(
        NODE,
        script,
        *(f"{address(shop)}/mcp", shop.secret, query, "woo_2"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    printed, wrong = await process.communicate()
    assert process.returncode == 0, wrong.decode()
    seen: dict[str, Any] = json.loads(printed)
    assert seen["server"]["name"] == "pilito-sync"
    assert "price_text" in seen["instructions"]
    assert seen["tools"] == list(TOOLS)
    assert seen["search"]["structuredContent"]["products"][0]["title"] == title
    assert title in seen["search"]["content"][0]["text"]
    assert len(seen["product"]["structuredContent"]["product"]["variants"]) == 3
    assert seen["wrong"]["isError"] is True


@pytest.mark.parametrize("language", QUESTIONS)
async def test_the_openai_agents_sdk(shop: Shop, language: str) -> None:
    """Lists the tools as functions of a model, and calls one."""
    query, title = QUESTIONS[language]
    async with MCPServerStreamableHttp(
        {"url": f"{address(shop)}/mcp", "headers": shop.headers}, client_session_timeout_seconds=30
    ) as server:
        listed = await server.list_tools()
        assert [tool.name for tool in listed] == list(TOOLS)
        for tool in listed:
            function = MCPUtil.to_function_tool(tool, server, convert_schemas_to_strict=False)
            assert function.params_json_schema["type"] == "object"
        result = await server.call_tool("search_catalog", {"catalog": {"query": query}})
        assert result.structured_content
        assert result.structured_content["products"][0]["title"] == title
        [content] = result.content
        assert isinstance(content, TextContent)
        assert title in content.text
