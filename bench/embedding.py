"""The cost of embedding a catalogue: calls and tokens as the embedding service counts them."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rich.progress import Progress

from bench.catalogue import product
from bench.results import Row, count
from bench.shop import Shop, delivery, opened
from bench.system import Servers
from contracts.events import EventStatus
from fakes.openai import EmbeddingServer
from temporal.client import connect

PRODUCTS = 1_000
EDITED_EVERY = 10
LANES = 16
ENDS = (EventStatus.SUCCEEDED, EventStatus.UNCHANGED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    calls: int
    texts: int
    tokens: int


def _edited(number: int) -> bool:
    return number % EDITED_EVERY == 0


SYNCS: dict[str, Callable[[int], dict[str, Any]]] = {
    "first sync": product,
    "the same again": product,
    "all prices changed": lambda number: product(number, price=number),
    "10 % with an edited paragraph": lambda number: product(number, price=number, edited=_edited(number)),
}


async def _sync(shop: Shop, products: list[dict[str, Any]], progress: Progress, name: str) -> None:
    left = iter(products)
    task = progress.add_task(f"{PRODUCTS:,} products: {name}", total=len(products))

    async def lane() -> None:
        for each in left:
            await shop.ended(await shop.send(delivery(each)), expected=ENDS)
            progress.advance(task)

    await asyncio.gather(*(lane() for _ in range(LANES)))


async def measure(servers: Servers, progress: Progress) -> list[Row]:
    token = await servers.token()
    temporal = await connect(servers.temporal_address, "default")
    costs: dict[str, Cost] = {}
    with (
        EmbeddingServer(instant=True) as embeddings,
        servers.api(OPENAI_BASE_URL=embeddings.base_url) as api,
        servers.worker(OPENAI_BASE_URL=embeddings.base_url),
    ):
        async with opened(temporal, api.port, token, LANES) as shop:
            for name, made in SYNCS.items():
                embeddings.reset()
                await _sync(shop, [made(number + 1) for number in range(PRODUCTS)], progress, name)
                costs[name] = Cost(
                    calls=len(embeddings.requests), texts=embeddings.texts.total(), tokens=embeddings.tokens
                )
    return [row for name, cost in costs.items() for row in _rows(name, cost, costs["first sync"])]


def _rows(name: str, cost: Cost, first: Cost) -> list[Row]:
    free = name in ("the same again", "all prices changed")
    exactly = 0 if free else None
    share = f"{cost.texts:,} chunks" if cost is first or free else f"{cost.texts:,} of {first.texts:,} chunks"
    part = "a token is four bytes" if cost is first else f"{cost.tokens / first.tokens:.1%} of the first sync"
    return [
        count(f"embedding calls, {PRODUCTS:,} products, {name}", cost.calls, share, exactly=exactly),
        count(f"embedding tokens, {PRODUCTS:,} products, {name}", cost.tokens, part, exactly=exactly),
    ]
