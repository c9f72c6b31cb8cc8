"""A cache of query vectors, so that a repeated search costs no embedding request."""

import asyncio
import logging
from collections import OrderedDict

from contracts.search import numbers
from embeddings.base import Embedder

logger = logging.getLogger("pilito.api")

EMBED_WITHIN = 4.0
"""Seconds an embedding request may take before the search goes on without a vector."""

CACHED_QUERIES = 1_000


class QueryCache:
    """The vectors of the latest queries, least recently used dropped first."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._vectors: OrderedDict[str, list[float]] = OrderedDict()

    async def of(self, query: str) -> list[float] | None:
        """Returns the query's vector; None if the embedding service does not answer in time."""
        if query in self._vectors:
            self._vectors.move_to_end(query)
            return self._vectors[query]
        try:
            async with asyncio.timeout(EMBED_WITHIN):
                embedded = await self._embedder.embed_query(query)
        except self._embedder.errors as error:
            logger.warning("searching by words only: %s", self._embedder.failure(error).reason)
            return None
        vector = self._vectors[query] = numbers(embedded)
        if len(self._vectors) > CACHED_QUERIES:
            self._vectors.popitem(last=False)
        return vector
