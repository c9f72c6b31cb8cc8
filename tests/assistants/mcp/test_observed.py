"""Calls of tools in the metrics and in the access log."""

import json
import logging
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest
import pytest_asyncio
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text

from observability.logs import VERBOSE, JsonLines
from tests.assistants.mcp.clients import ERAS, connected, posted, request, tool_call
from tests.support.environment import Configure, another_database
from tests.support.shop import Shop
from tests.support.system import running, serving


@pytest_asyncio.fixture
async def own(shop: Shop, configure: Configure) -> AsyncIterator[Shop]:
    """An empty shop at an API of its own, which has counted nothing yet."""
    async with serving(configure()) as http:
        yield replace(shop, http=http)


async def counted(shop: Shop, name: str) -> dict[tuple[str, ...], float]:
    """Returns the values of a metric by their labels."""
    scraped = (await shop.http.get("/metrics")).text
    return {
        tuple(sample.labels[label] for label in sorted(sample.labels)): sample.value
        for family in text_string_to_metric_families(scraped)
        for sample in family.samples
        if sample.name == name
    }


class Written(logging.Handler):
    """The lines of the log as they are written."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []
        self.setFormatter(JsonLines())

    def emit(self, record: logging.LogRecord) -> None:
        if record.name not in VERBOSE:  # the tests' own client
            self.lines.append(self.format(record))


@pytest.fixture
def written() -> Iterator[Written]:
    handler, root = Written(), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield handler
    root.removeHandler(handler)
    root.setLevel(level)


async def test_calls_are_counted_by_tool_and_outcome(own: Shop) -> None:
    """Unknown names are one label; duration is measured for each."""
    for message in (
        tool_call("search", query="lamp"),
        tool_call("search", query=5),
        tool_call("get_product", catalog={"id": "woo_1"}),
        tool_call("lookup_catalog", catalog={"ids": ["a"] * 21}),
        tool_call("made_up"),
        tool_call('made-up"\n'),
        request("tools/list"),
    ):
        await posted(own, message)
    assert await counted(own, "pilito_tool_calls_total") == {
        ("ok", "search"): 1,
        ("refused", "search"): 1,
        ("ok", "get_product"): 1,
        ("refused", "lookup_catalog"): 1,
        ("refused", "unknown"): 2,
    }
    assert (await counted(own, "pilito_tool_call_duration_seconds_count"))["search",] == 2
    assert "made" not in (await own.http.get("/metrics")).text
    requests = await counted(own, "pilito_http_request_duration_seconds_count")
    assert requests["POST", "/mcp", "200"] == 7


@pytest.mark.parametrize("era", ERAS)
async def test_the_access_log_names_the_tool(own: Shop, written: Written, era: str) -> None:
    """And the store and token; neither the question nor an unknown name."""
    async with connected(own, era) as client:
        await client.call_tool("search", {"query": "a secret question"})
    await posted(own, tool_call("made_up"))
    lines = [json.loads(line) for line in written.lines if '"pilito.access"' in line]
    [line] = [line for line in lines if "tool" in line]
    assert (line["tool"], line["route"], line["status"]) == ("search", "/mcp", 200)
    assert (line["store_id"], line["token_id"]) == (own.store_id, own.token_id)
    assert "secret" not in "".join(written.lines)
    assert "made_up" not in "".join(written.lines)


async def test_our_own_errors_are_logged_and_not_shown(
    postgres_url: str, configure: Configure, written: Written
) -> None:
    """-32603 for the client, and the request's id in the log; here a column has another type."""
    settings = configure(database_url=another_database(postgres_url, "broken"))
    async with running(settings, work=False) as system:
        shop = await system.shop()
        async with system.database.transaction() as connection:
            wrong = "ALTER COLUMN options DROP DEFAULT, ALTER COLUMN options TYPE text"
            await connection.execute(text(f"ALTER TABLE product_variations {wrong}"))
        answer = await posted(shop, tool_call("lookup_catalog", catalog={"ids": ["woo_1"]}))
        assert answer.json()["error"] == {"code": -32603, "message": "Internal error; it was logged"}
        [line] = [json.loads(line) for line in written.lines if "UndefinedFunction" in line]
        assert line["request_id"] == answer.headers["x-request-id"]
        assert await counted(shop, "pilito_tool_calls_total") == {("error", "lookup_catalog"): 1}
