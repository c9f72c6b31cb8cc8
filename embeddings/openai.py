"""The embeddings API of OpenAI, or of a server that is compatible with it.

Only this module and `embeddings.openai_failures` import `openai`.
"""

import base64
import time
from array import array
from collections.abc import Sequence
from typing import Self

import httpx2
import numpy as np
import openai
import orjson

from contracts.errors import EmbeddingProblem, UnusableAnswer, WrongDimensions
from contracts.retry import Failure
from contracts.search import Vector
from embeddings.base import Embedded, RequestLimits
from embeddings.openai_failures import openai_failure
from settings import Settings

OPENAI = "https://api.openai.com/v1"
"""Passed explicitly, because the client takes an empty OPENAI_BASE_URL as an address."""

MAX_TOKENS_PER_REQUEST = 300_000
MAX_INPUTS_PER_REQUEST = 2_048

SINGLE = 4
"""Bytes of a number of single precision, as services send it."""

SMALLEST, LARGEST = 2.0**-25, 65_520.0
"""A number between these is neither zero nor infinite in half precision."""


class OpenAIEmbedder:
    """Implements `Embedder`; raises the client's own errors and EmbeddingProblem."""

    limits = RequestLimits(tokens=MAX_TOKENS_PER_REQUEST, texts=MAX_INPUTS_PER_REQUEST)
    errors: tuple[type[Exception], ...] = (openai.OpenAIError, EmbeddingProblem, TimeoutError)

    def __init__(self, client: openai.AsyncOpenAI, *, model: str, dimensions: int) -> None:
        self._client = client
        self.model = model
        self.dimensions = dimensions

    @classmethod
    def configured(cls, settings: Settings) -> Self:
        """Returns the embedder of the settings; the client's own retries are off: Temporal retries."""
        key, base_url = settings.openai_api_key, settings.openai_base_url
        client = openai.AsyncOpenAI(
            api_key=key.get_secret_value() if key else "unset",
            base_url=str(base_url) if base_url else OPENAI,
            max_retries=0,
            timeout=settings.embedding_timeout_seconds,
        )
        return cls(client, model=settings.embedding_model, dimensions=settings.embedding_dimensions)

    async def embed_documents(self, texts: Sequence[str]) -> Embedded:
        body: dict[str, object] = {"model": self.model, "input": list(texts), "encoding_format": "base64"}
        if self.model.startswith("text-embedding-3"):
            body["dimensions"] = self.dimensions
        # `client.embeddings` would validate each text, which takes as long as the request itself
        answer = await self._client.post("/embeddings", body=body, cast_to=httpx2.Response)
        return self._read(answer.content, len(texts))

    async def embed_query(self, text: str) -> Vector:
        return (await self.embed_documents([text])).vectors[0]

    def failure(self, error: Exception) -> Failure:
        return openai_failure(error, now=time.time())

    async def close(self) -> None:
        await self._client.close()

    def _read(self, content: bytes, count: int) -> Embedded:
        """Match vectors to texts by index: servers may answer in any order."""
        try:
            body = orjson.loads(content)
            by_index = {item["index"]: item["embedding"] for item in body["data"]}
            vectors = self._vectors([_singles(by_index[index]) for index in range(count)])
        except (ValueError, TypeError, KeyError, OverflowError) as error:
            raise UnusableAnswer(
                f"the embedding service did not answer with {count} vectors: {type(error).__name__} {error}"
            ) from None
        return Embedded(vectors=vectors, tokens=_tokens(body.get("usage")))

    def _vectors(self, received: list[bytes]) -> list[Vector]:
        """Returns vectors of single precision in the half precision they are stored in."""
        for vector in received:
            if len(vector) != self.dimensions * SINGLE:
                raise WrongDimensions(
                    f"the embedding service answered vectors of {len(vector) // SINGLE} numbers where"
                    f" {self.dimensions} are configured (PILITO_EMBEDDING_DIMENSIONS)"
                )
        singles = np.frombuffer(b"".join(received), "<f4").reshape(-1, self.dimensions)
        largest = np.abs(singles).max(axis=1)
        if not ((largest > SMALLEST) & (largest < LARGEST)).all():  # also false for NaN
            raise UnusableAnswer("the embedding service answered a vector that is not made of numbers")
        return [vector.tobytes() for vector in singles.astype(">f2")]


def _singles(vector: object) -> bytes:
    """Returns a vector's bytes, out of base64 as requested, or out of a list, as some servers answer."""
    if isinstance(vector, str):
        singles = base64.b64decode(vector, validate=True)
    elif isinstance(vector, list):
        singles = np.asarray(array("f", vector), "<f4").tobytes()
    else:
        raise TypeError(f"{type(vector).__name__} for a vector")
    if len(singles) % SINGLE:
        raise ValueError(f"{len(singles)} bytes for a vector")
    return singles


def _tokens(usage: object) -> int:
    """Returns the tokens that were billed; 0 if a compatible server does not say."""
    total = usage.get("total_tokens") if isinstance(usage, dict) else None
    return total if isinstance(total, int) else 0
