"""What an embedding service must be able to do for us; one module each."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, Protocol

from contracts.errors import EmbeddingProblem
from contracts.retry import Failure
from contracts.search import Vector
from embeddings.limits import Limits


class Cause(StrEnum):
    """What a failed request can be blamed on; it decides whether a smaller request makes sense.

    service         the service, its account or its settings: no other request would do better
    request         possibly one of the texts: the same request failed although others may succeed
    no_answer       as `request`, but nothing was answered in time: the service may be overloaded
    texts           more texts than one request may have
    tokens          more tokens than one request may have
    text_tokens     a text that is longer than the model accepts
    size            more than one request may have, and the service does not say of what
    """

    SERVICE = "service"
    REQUEST = "request"
    NO_ANSWER = "no_answer"
    TEXTS = "texts"
    TOKENS = "tokens"
    TEXT_TOKENS = "text_tokens"
    SIZE = "size"


TOO_LONG = frozenset({Cause.TOKENS, Cause.TEXT_TOKENS, Cause.SIZE})
"""The causes that a shorter text removes."""


class NothingEmbedded(EmbeddingProblem):
    """A harmless text was refused as well, so that no text is to blame; `error` is the first refusal."""

    def __init__(self, error: Exception) -> None:
        super().__init__("the embedding service refuses every text")
        self.error = error


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedded:
    """A vector per text, in the order of the texts, and the tokens that were billed.

    A vector is None where the service answered none, or one that cannot be compared. At least one is there.
    """

    vectors: list[Vector | None]
    tokens: int


class EmbeddedQuery(NamedTuple):
    """The vector of a query, and the tokens that were billed; 0 if the service does not say."""

    vector: Vector
    tokens: int


class Embedder(Protocol):
    """Turns texts into vectors of one model, without retries.

    Calls raise `errors` and nothing else; TimeoutError is one of them, for callers that bound a call.
    `variant` names all that vectors depend on apart from the model and the dimensions; mostly it is empty.
    `served_by` is what a server calls itself if it is ours, else empty. `place` is its scheme, host and port.
    """

    model: str
    dimensions: int
    variant: str
    served_by: str
    place: str
    limits: Limits
    errors: tuple[type[Exception], ...]

    async def embed_documents(self, texts: Sequence[str]) -> Embedded:
        """Returns the vectors of texts that fit into one request."""
        ...

    async def embed_query(self, text: str) -> EmbeddedQuery:
        """Returns the vector of a search query, made with the prefix and the input type for queries."""
        ...

    def failure(self, error: Exception) -> Failure:
        """Returns what any exception raised while embedding means: retry, blocked or fatal."""
        ...

    def cause(self, error: Exception) -> Cause:
        """Returns what any exception raised while embedding can be blamed on."""
        ...

    async def close(self) -> None:
        """Close the connections."""
        ...
