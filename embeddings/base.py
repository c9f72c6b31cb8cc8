"""What an embedding service must be able to do for us; one module each."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from contracts.retry import Failure
from contracts.search import Vector


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedded:
    """One vector per text, in the order of the texts, and the tokens that were billed."""

    vectors: list[Vector]
    tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestLimits:
    """The most tokens and texts of one request."""

    tokens: int
    texts: int


class Embedder(Protocol):
    """Turns texts into vectors of one model; one request per call, without retries.

    Calls raise `errors` and nothing else; TimeoutError is one of them, for callers that bound a call.
    """

    model: str
    dimensions: int
    limits: RequestLimits
    errors: tuple[type[Exception], ...]

    async def embed_documents(self, texts: Sequence[str]) -> Embedded:
        """Returns the vectors of texts that fit into one request."""
        ...

    async def embed_query(self, text: str) -> Vector:
        """Returns the vector of a search query; models with a prefix for queries add it here."""
        ...

    def failure(self, error: Exception) -> Failure:
        """Returns what any exception raised while embedding means: retry, blocked or fatal."""
        ...

    async def close(self) -> None:
        """Close the connections."""
        ...
