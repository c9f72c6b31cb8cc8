"""The vectors of questions, each asked for once while it is remembered."""

import asyncio
import logging
from collections import OrderedDict

from openai import OpenAIError

from contracts.errors import EmbeddingProblem
from contracts.search import numbers
from embeddings.openai import OpenAIEmbedder

logger = logging.getLogger("pilito.api")

EMBED_WITHIN = 4.0
REMEMBERED_QUERIES = 1_000


class QueryCache:
    """Vectors of the latest questions; None where the embedding service does not answer in time."""

    def __init__(self, embedder: OpenAIEmbedder) -> None:
        self._embedder = embedder
        self._known: OrderedDict[str, list[float]] = OrderedDict()

    async def of(self, query: str) -> list[float] | None:
        if query in self._known:
            self._known.move_to_end(query)
            return self._known[query]
        try:
            async with asyncio.timeout(EMBED_WITHIN):
                embedded = await self._embedder.embed([query], timeout=EMBED_WITHIN)
        except (OpenAIError, EmbeddingProblem, TimeoutError) as error:
            logger.warning("searching by words only: %s", type(error).__name__)
            return None
        vector = self._known[query] = numbers(embedded.vectors[0])
        if len(self._known) > REMEMBERED_QUERIES:
            self._known.popitem(last=False)
        return vector
