"""A call of the MCP server's `search_catalog`, compared with the same search over HTTP."""

import asyncio
import itertools
from collections.abc import Iterator
from functools import partial
from typing import Any

import orjson
from rich.progress import Progress

from bench.results import Row, Times, at_most, compared, ratio
from bench.search_set.questions import SEEN, products, read
from bench.shop import Connection, delivery, opened
from bench.system import Servers
from contracts.events import EventStatus
from fakes.openai import EmbeddingServer
from temporal.client import connect

CURRENCY = "IRT"
QUESTIONS = 60
WARM_UP = 60
LANES = 8
LIMIT = 10
MOST = 1.3

MODERN = "2026-07-28"
VERSIONS = (MODERN, "2025-11-25")
_HEADERS = {
    MODERN: {"Mcp-Protocol-Version": MODERN, "Mcp-Method": "tools/call", "Mcp-Name": "search_catalog"},
    "2025-11-25": {"Mcp-Protocol-Version": "2025-11-25"},
}
_META = {
    "io.modelcontextprotocol/protocolVersion": MODERN,
    "io.modelcontextprotocol/clientCapabilities": {},
}


async def measure(servers: Servers, progress: Progress) -> list[Row]:
    token = await servers.token()
    temporal = await connect(servers.temporal_address, "default")
    catalogue = [{**product, "currency": CURRENCY} for product in products()]
    queries = [question.query for question in read([SEEN]) if not question.filters][:QUESTIONS]
    with (
        EmbeddingServer(instant=True) as embeddings,
        servers.api(OPENAI_BASE_URL=embeddings.base_url) as api,
    ):
        with servers.worker(OPENAI_BASE_URL=embeddings.base_url):
            async with opened(temporal, api.port, token, LANES) as shop:
                task = progress.add_task(f"{len(catalogue):,} products", total=len(catalogue))
                left = iter(catalogue)

                async def lane() -> None:
                    for product in left:
                        event = await shop.send(delivery(product))
                        await shop.ended(event, expected=(EventStatus.SUCCEEDED,))
                        progress.advance(task)

                await asyncio.gather(*(lane() for _ in range(LANES)))
        task = progress.add_task("calls of tools", total=len(VERSIONS) * (WARM_UP + QUESTIONS))
        return [
            await _row(api.port, token.secret, version, queries, lambda: progress.advance(task))
            for version in VERSIONS
        ]


async def _row(port: int, secret: str, version: str, queries: list[str], advance: Any) -> Row:
    """Ask in alternation; the vectors of all questions are known after the first calls."""
    calls, searches = Times(), Times()
    path = "/api/v1/knowledge/search/"
    async with (
        Connection(port, path="/mcp", secret=secret, headers=_HEADERS[version]) as mcp,
        Connection(port, path=path, secret=secret) as http,
    ):
        for place, query in enumerate(itertools.chain(_some(queries), queries)):
            into = (Times(), Times()) if place < WARM_UP else (calls, searches)
            await into[0].take(partial(mcp.post, _call(version, query), expect=200))
            body = orjson.dumps({"query": query, "limit": LIMIT})
            await into[1].take(partial(http.post, body, expect=200))
            advance()
    return at_most(
        f"search_catalog p50 over MCP {version}, against the same search over HTTP",
        ratio(calls, searches, 50),
        MOST,
        compared(calls, searches, 50),
    )


def _some(queries: list[str]) -> Iterator[str]:
    return itertools.islice(itertools.cycle(queries), WARM_UP)


def _call(version: str, query: str) -> bytes:
    arguments = {"catalog": {"query": query, "pagination": {"limit": LIMIT}}}
    params: dict[str, Any] = {"name": "search_catalog", "arguments": arguments}
    if version == MODERN:
        params["_meta"] = _META
    return orjson.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params})
