"""The embeddings API of OpenAI, or of a server that is compatible with it.

The only module that imports `openai`. Its exceptions are mapped to retry decisions by type, status and code,
never by message text.
"""

import base64
import time
from array import array
from collections.abc import Sequence
from datetime import timedelta

import httpx2
import numpy as np
import openai
import orjson

from contracts.errors import EmbeddingProblem, UnusableAnswer, WrongDimensions
from contracts.retry import WAIT_INTERVAL, Failure, Retry, bounded, retry_after, seconds
from contracts.search import Vector
from embeddings.base import Embedded, RequestLimits
from settings import Settings

OPENAI = "https://api.openai.com/v1"
"""Passed explicitly, because the client takes an empty OPENAI_BASE_URL as an address."""

MAX_TOKENS_PER_REQUEST = 300_000
MAX_INPUTS_PER_REQUEST = 2_048

SINGLE = 4
"""Bytes of a number of single precision, as services send it."""

SMALLEST, LARGEST = 2.0**-25, 65_520.0
"""A number between these is neither zero nor infinite in half precision."""

UNPAID_CODES = frozenset(
    {
        "insufficient_quota",
        "credit_balance_exhausted",
        "organization_spend_limit_exceeded",
        "project_spend_limit_exceeded",
        "organization_usage_limit_exceeded",
        "billing_hard_limit_reached",
        "billing_not_active",
    }
)

BLOCKING = {
    401: "The embedding service rejects the API key; set a valid OPENAI_API_KEY.",
    403: "The embedding service does not allow this key to use the model, or not from this region.",
    404: "The embedding service has no such model or address; check PILITO_EMBEDDING_MODEL and"
    " OPENAI_BASE_URL.",
}
"""Statuses that an operator must act on, with what to do."""


class OpenAIEmbedder:
    """Implements `Embedder`; raises the client's own errors and EmbeddingProblem."""

    limits = RequestLimits(tokens=MAX_TOKENS_PER_REQUEST, texts=MAX_INPUTS_PER_REQUEST)
    errors: tuple[type[Exception], ...] = (openai.OpenAIError, EmbeddingProblem, TimeoutError)

    def __init__(self, client: openai.AsyncOpenAI, *, model: str, dimensions: int) -> None:
        self._client = client
        self.model = model
        self.dimensions = dimensions

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


def create_embedder(settings: Settings) -> OpenAIEmbedder:
    """Returns the configured embedder; the client's own retries are off, because Temporal retries."""
    key, base_url = settings.openai_api_key, settings.openai_base_url
    client = openai.AsyncOpenAI(
        api_key=key.get_secret_value() if key else "unset",
        base_url=str(base_url) if base_url else OPENAI,
        max_retries=0,
        timeout=settings.embedding_timeout_seconds,
    )
    return OpenAIEmbedder(client, model=settings.embedding_model, dimensions=settings.embedding_dimensions)


def _codes(error: openai.APIStatusError) -> list[str]:
    """Returns the error's code and type; compatible servers write anything there."""
    return [value[:100] for value in (error.code, error.type) if isinstance(value, str) and value]


def _pause(error: openai.APIStatusError, now: float) -> timedelta | None:
    """Returns how long the answer asks us to wait, bounded and never negative."""
    headers = error.response.headers
    milliseconds = seconds(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return bounded(milliseconds / 1000)
    return retry_after(headers.get("retry-after"), now=now)


def _status_failure(error: openai.APIStatusError, now: float) -> Failure:
    status = error.status_code
    pause = _pause(error, now)
    if status in (402, 429) and (status == 402 or not UNPAID_CODES.isdisjoint(_codes(error))):
        return Failure(
            retry=Retry.BLOCKED,
            reason="The embedding account has no quota left; processing resumes once it is paid.",
            pause=WAIT_INTERVAL,
        )
    if status in BLOCKING:
        return Failure(retry=Retry.BLOCKED, reason=BLOCKING[status], pause=WAIT_INTERVAL)
    if status == 429:
        return Failure(retry=Retry.RETRY, reason="The embedding service asks us to slow down.", pause=pause)
    if status in (408, 409, 425) or status >= 500:
        return Failure(
            retry=Retry.RETRY,
            reason=f"The embedding service has a temporary problem (HTTP {status}).",
            pause=pause,
        )
    if 400 <= status < 500:
        code = next(iter(_codes(error)), "no code given")
        return Failure(
            retry=Retry.FATAL,
            reason=f"The embedding service rejects the request as invalid (HTTP {status}, {code}).",
        )
    return Failure(
        retry=Retry.RETRY, reason=f"The embedding service answered with an unexpected status, HTTP {status}."
    )


def openai_failure(error: Exception, *, now: float) -> Failure:
    """Returns what an exception raised while embedding means; `now` is seconds since the epoch."""
    match error:
        case openai.APIStatusError():
            return _status_failure(error, now)
        case openai.APITimeoutError() | TimeoutError():
            return Failure(retry=Retry.RETRY, reason="The embedding service did not answer in time.")
        case openai.APIConnectionError():
            return Failure(retry=Retry.RETRY, reason="The embedding service cannot be reached.")
        case WrongDimensions():
            return Failure(retry=Retry.BLOCKED, reason=f"Configuration: {error}.", pause=WAIT_INTERVAL)
        case EmbeddingProblem() | openai.OpenAIError():
            return Failure(retry=Retry.RETRY, reason=f"Unusable answer: {error}."[:500])
        case _:
            return Failure(retry=Retry.RETRY, reason=f"Unexpected {type(error).__name__} while embedding.")
