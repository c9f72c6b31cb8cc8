"""Ask the embedding server whether it answers."""

import asyncio
import time
from dataclasses import dataclass

from contracts.retry import Retry
from embeddings.base import Embedder
from embeddings.description import Description, described

WITHIN = 4.0
"""Seconds that the server may take; a search does not wait longer either."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbedderCheck:
    """Which model serves, and how long the server took in seconds; None if it did not answer.

    Then `reason` is a sentence, and `retry` says whether waiting helps. What a server that never answered
    calls itself is unknown, so the kind of its model is that of a service.
    """

    description: Description
    seconds: float | None
    reason: str = ""
    retry: Retry | None = None


async def check_embedder(embedder: Embedder) -> EmbedderCheck:
    """Returns the answer to one word, which costs a few tokens."""
    began = time.perf_counter()
    try:
        async with asyncio.timeout(WITHIN):
            await embedder.embed_query("ping")
    except embedder.errors as error:
        failure = embedder.failure(error)
        return EmbedderCheck(
            description=described(embedder), seconds=None, reason=failure.reason, retry=failure.retry
        )
    return EmbedderCheck(description=described(embedder), seconds=time.perf_counter() - began)
