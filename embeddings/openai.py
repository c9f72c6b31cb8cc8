"""The embeddings API of OpenAI, or of anything that speaks it."""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass

import httpx2
import numpy as np
import orjson
import pybase64
from openai import AsyncOpenAI

from contracts.errors import UnusableAnswer, WrongDimensions
from contracts.search import Vector
from settings import Settings

OPENAI = "https://api.openai.com/v1"
"""Said outright: openai takes an empty OPENAI_BASE_URL at its word."""

MAX_TOKENS_PER_REQUEST = 300_000
MAX_INPUTS_PER_REQUEST = 2_048

SINGLE = 4
"""Bytes of a number as services answer it."""

SMALLEST, LARGEST = 2.0**-25, 65_520.0
"""Between these, a number of half precision is neither zero nor infinite."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedded:
    """One vector per text, in the order of the texts, and the tokens they were billed as."""

    vectors: list[Vector]
    tokens: int


class OpenAIEmbedder:
    """Turns texts into vectors of one model; raises openai's errors and EmbeddingProblem, retries nothing."""

    def __init__(self, client: AsyncOpenAI, *, model: str, dimensions: int) -> None:
        self._client = client
        self.model = model
        self.dimensions = dimensions

    async def embed(self, texts: Sequence[str], *, timeout: float | None = None) -> Embedded:  # noqa: ASYNC109 - passed on to openai, which owns it
        client = self._client if timeout is None else self._client.with_options(timeout=timeout)
        asked: dict[str, object] = {"model": self.model, "input": list(texts), "encoding_format": "base64"}
        if self.model.startswith("text-embedding-3"):
            asked["dimensions"] = self.dimensions
        # `client.embeddings` would hold each text against its type hints, for as long as the request takes
        answer = await client.post("/embeddings", body=asked, cast_to=httpx2.Response)
        return self._read(answer.content, len(texts))

    def _read(self, content: bytes, count: int) -> Embedded:
        """Take vectors by their index: servers may answer in any order."""
        try:
            body = orjson.loads(content)
            by_index = {item["index"]: item["embedding"] for item in body["data"]}
            vectors = self._vectors([_numbers(by_index[index]) for index in range(count)])
        except (ValueError, TypeError, KeyError, OverflowError) as error:
            raise UnusableAnswer(
                f"the embedding service did not answer with {count} vectors: {type(error).__name__} {error}"
            ) from None
        return Embedded(vectors=vectors, tokens=_tokens(body.get("usage")))

    def _vectors(self, told: list[bytes]) -> list[Vector]:
        """Vectors of single precision in the half precision they are kept in, all of them at once."""
        for numbers in told:
            if len(numbers) != self.dimensions * SINGLE:
                raise WrongDimensions(
                    f"the embedding service answered vectors of {len(numbers) // SINGLE} numbers where"
                    f" {self.dimensions} are configured (PILITO_EMBEDDING_DIMENSIONS)"
                )
        singles = np.frombuffer(b"".join(told), "<f4").reshape(-1, self.dimensions)
        largest = np.abs(singles).max(axis=1)
        if not ((largest > SMALLEST) & (largest < LARGEST)).all():  # false of what is no number, too
            raise UnusableAnswer("the embedding service answered a vector that is not made of numbers")
        return [vector.tobytes() for vector in singles.astype(">f2")]

    async def close(self) -> None:
        await self._client.close()


def _numbers(told: object) -> bytes:
    """A vector out of base64, as we ask for it, or out of a list of numbers, as some servers answer."""
    if isinstance(told, str):
        numbers = pybase64.b64decode(told, validate=True)
    elif isinstance(told, list):
        numbers = np.asarray(array("f", told), "<f4").tobytes()
    else:
        raise TypeError(f"{type(told).__name__} for a vector")
    if len(numbers) % SINGLE:
        raise ValueError(f"{len(numbers)} bytes for a vector")
    return numbers


def _tokens(usage: object) -> int:
    """What was billed; 0 where a compatible server does not say."""
    total = usage.get("total_tokens") if isinstance(usage, dict) else None
    return total if isinstance(total, int) else 0


def create_embedder(settings: Settings) -> OpenAIEmbedder:
    """An embedder that leaves retrying to Temporal."""
    key, base_url = settings.openai_api_key, settings.openai_base_url
    client = AsyncOpenAI(
        api_key=key.get_secret_value() if key else "unset",
        base_url=str(base_url) if base_url else OPENAI,
        max_retries=0,
        timeout=settings.embedding_timeout_seconds,
    )
    return OpenAIEmbedder(client, model=settings.embedding_model, dimensions=settings.embedding_dimensions)
