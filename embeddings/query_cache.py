"""A cache of query vectors, so that a repeated search costs no embedding request."""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from contracts.search import numbers
from embeddings.base import Cause, Embedder

logger = logging.getLogger("pilito.api")

EMBED_WITHIN = 4.0
"""Seconds an embedding request may take before the search goes on without a vector."""

LONG = 1.0
"""Seconds after which a request without an answer is one that searches should not wait for again."""

PAUSE = 10.0
"""Seconds in which no search asks a service that did not answer."""

CACHED_QUERIES = 1_000


class QueryCache:
    """The vectors of the latest queries, least recently used dropped first.

    After a request that was long without an answer, searches do not wait for the service for `PAUSE` seconds;
    then one at a time does, until the service answers. `clock` returns seconds.
    """

    def __init__(self, embedder: Embedder, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._embedder = embedder
        self._vectors: OrderedDict[str, list[float]] = OrderedDict()
        self._clock = clock
        self._answers = 0
        self._silent_until: float | None = None
        self._is_probing = False

    async def of(self, query: str, paid: Callable[[int], None] | None = None) -> list[float] | None:
        """Returns the query's vector; None if the embedding service fails, or is not asked.

        `paid` is called with the tokens that were billed if the service embedded the query, 0 if it does not
        say.
        """
        if query in self._vectors:
            self._vectors.move_to_end(query)
            return self._vectors[query]
        if self._is_silent():
            return None
        try:
            async with self._noting_silence(), asyncio.timeout(EMBED_WITHIN):
                embedded = await self._embedder.embed_query(query)
        except self._embedder.errors as error:
            logger.warning("searching by words only: %s", self._embedder.failure(error).reason)
            return None
        if paid:
            paid(embedded.tokens)
        vector = self._vectors[query] = numbers(embedded.vector)
        if len(self._vectors) > CACHED_QUERIES:
            self._vectors.popitem(last=False)
        return vector

    def _is_silent(self) -> bool:
        """Returns whether the service was silent, and this query is not the one that tries again."""
        return self._silent_until is not None and (self._is_probing or self._clock() < self._silent_until)

    @asynccontextmanager
    async def _noting_silence(self) -> AsyncIterator[None]:
        """Notes whether the service answers, be it with an error, or lets a request wait.

        A request that waits while others are answered is no silence.
        """
        is_probe = self._silent_until is not None
        self._is_probing = self._is_probing or is_probe
        before, began = self._answers, self._clock()
        try:
            yield
        except self._embedder.errors as error:
            is_answer = self._embedder.cause(error) is not Cause.NO_ANSWER
            if is_answer or self._clock() - began < LONG:
                self._has_answered()
            elif self._answers == before:
                self._silent_until = self._clock() + PAUSE
            raise
        else:
            self._has_answered()
        finally:
            if is_probe:
                self._is_probing = False

    def _has_answered(self) -> None:
        self._answers += 1
        self._silent_until = None
