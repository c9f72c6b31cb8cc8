"""The embeddings API of OpenAI, or of a server that is compatible with it.

Only this module and `embeddings.openai_failures` import `openai`.
"""

import asyncio
import ipaddress
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self
from urllib.parse import parse_qsl, urlsplit

import httpx2
import openai

from contracts.errors import EmbeddingProblem, WrongDimensions
from contracts.retry import Failure, Retry
from embeddings import openai_answers, openai_refusals
from embeddings.base import TOO_LONG, Cause, Embedded, EmbeddedQuery
from embeddings.limits import Limits
from embeddings.openai_failures import openai_cause, openai_failure, refusal_in
from settings import Settings

OPENAI = "https://api.openai.com/v1"
"""Passed explicitly, because the client takes an empty OPENAI_BASE_URL as an address."""

MAX_TOKENS_PER_REQUEST = 300_000
MAX_INPUTS_PER_REQUEST = 2_048

SHORT_QUERY = 400
"""Characters of a query that are embedded after a model refused the whole query as too long."""

SIZED_MODEL = "text-embedding-3"
"""Models with this in their name answer vectors of the size that is asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestShape:
    """What requests contain besides the model and the texts.

    `encoding_format` and `dimensions` are None if they are not sent. Names in `optional` were not chosen by
    an operator, so they are left out once the server refuses them. `queries` and `passages` are the prefix
    and the input type of each.
    """

    encoding_format: str | None = "base64"
    dimensions: int | None = None
    optional: frozenset[str] = frozenset()
    queries: tuple[str, str] = ("", "")
    passages: tuple[str, str] = ("", "")

    @classmethod
    def configured(cls, settings: Settings) -> Self:
        encoding, sizes = settings.embedding_encoding_format, settings.embedding_send_dimensions
        sized = sizes == "always" or (sizes == "auto" and SIZED_MODEL in settings.embedding_model)
        chosen = {"encoding_format": encoding, "dimensions": sizes}
        return cls(
            encoding_format={"auto": "base64", "none": None}.get(encoding, encoding),
            dimensions=settings.embedding_dimensions if sized else None,
            optional=frozenset(name for name, choice in chosen.items() if choice == "auto"),
            queries=(settings.embedding_query_prefix, settings.embedding_query_input_type),
            passages=(settings.embedding_passage_prefix, settings.embedding_passage_input_type),
        )

    def body(self, model: str, texts: Sequence[str], use: tuple[str, str]) -> dict[str, object]:
        """Returns the body of a request for texts of one use."""
        prefix, input_type = use
        sent: dict[str, object] = {"model": model, "input": [f"{prefix}{text}" for text in texts]}
        optional = {
            "encoding_format": self.encoding_format,
            "dimensions": self.dimensions,
            "input_type": input_type or None,
        }
        return sent | {name: value for name, value in optional.items() if value is not None}

    def without(self, refused: Sequence[str]) -> Self | None:
        """Returns the shape without the first of the refused parameters that is optional; None if none is."""
        for name in refused:
            if name in self.optional and getattr(self, name) is not None:
                is_encoding = name == "encoding_format"
                return replace(self, encoding_format=None) if is_encoding else replace(self, dimensions=None)
        return None


class OpenAIEmbedder:
    """Implements `Embedder`; raises the client's own errors and EmbeddingProblem.

    What a server refuses to be sent is remembered, so it is refused once per process. `served_by` is what the
    server calls itself, if it does.
    """

    errors: tuple[type[Exception], ...] = (openai.OpenAIError, EmbeddingProblem, TimeoutError)

    def __init__(
        self,
        client: openai.AsyncOpenAI,
        *,
        model: str,
        dimensions: int,
        shape: RequestShape | None = None,
        limits: Limits | None = None,
        variant: str = "",
        secrets: tuple[str, ...] = (),
        place: str = "",
    ) -> None:
        self._client = client
        self._shape = shape or RequestShape()
        self._sizing = asyncio.Lock()
        self._secrets = secrets
        self.model = model
        self.dimensions = dimensions
        self.variant = variant
        self.limits = limits or Limits(tokens=MAX_TOKENS_PER_REQUEST, texts=MAX_INPUTS_PER_REQUEST)
        self.served_by = ""
        self.place = place

    @classmethod
    def configured(cls, settings: Settings) -> Self:
        """Returns the embedder of the settings; the client's own retries are off: Temporal retries."""
        key = settings.openai_api_key.get_secret_value() if settings.openai_api_key else ""
        address, query = _address(str(settings.openai_base_url or OPENAI))
        headers = settings.embedding_extra_headers
        client = openai.AsyncOpenAI(
            api_key=key or "unset",
            base_url=address,
            default_query=query,
            default_headers={**({"api-key": key} if key and _is_azure(address, query) else {}), **headers},
            max_retries=0,
            timeout=settings.embedding_timeout_seconds,
            http_client=openai.DefaultAsyncHttpxClient(trust_env=not _is_loopback(address)),
        )
        limits = Limits(
            tokens=settings.embedding_max_tokens or MAX_TOKENS_PER_REQUEST,
            texts=settings.embedding_max_items or MAX_INPUTS_PER_REQUEST,
            text_tokens=settings.text_tokens,
        )
        return cls(
            client,
            model=settings.embedding_model,
            dimensions=settings.embedding_dimensions,
            shape=RequestShape.configured(settings),
            limits=limits,
            variant=settings.embedding_variant,
            secrets=tuple(secret for secret in (key, *headers.values(), *query.values()) if secret),
            place=_place(address),
        )

    async def embed_documents(self, texts: Sequence[str]) -> Embedded:
        return await self._embed(texts, self._shape.passages)

    async def embed_query(self, text: str) -> EmbeddedQuery:
        try:
            embedded = await self._embed([text], self._shape.queries)
        except self.errors as error:
            if self.cause(error) not in TOO_LONG or len(text) <= SHORT_QUERY:
                raise
            embedded = await self._embed([text[:SHORT_QUERY]], self._shape.queries)
        (vector,) = embedded.vectors
        assert vector is not None  # noqa: S101 - an answer has at least one vector
        return EmbeddedQuery(vector, embedded.tokens)

    def failure(self, error: Exception) -> Failure:
        return openai_failure(error, now=time.time(), secrets=self._secrets)

    def cause(self, error: Exception) -> Cause:
        return openai_cause(error)

    async def close(self) -> None:
        await self._client.close()

    async def _embed(self, texts: Sequence[str], use: tuple[str, str]) -> Embedded:
        """Ask; ask again without a parameter that is refused, or for the right size if another one comes.

        Several calls may be refused for one reason: the first changes the shape, the others ask again in it.
        """
        while True:
            shape = self._shape
            try:
                return await self._ask(texts, use, shape)
            except WrongDimensions:
                async with self._sizing:
                    if self._shape != shape:
                        continue
                    answer = await self._with_dimensions(texts, use)
                if answer is None:
                    raise
                return answer
            except self.errors as error:
                refusal = refusal_in(error)
                refused = [name for name in openai_refusals.OPTIONAL if refusal and refusal.refuses(name)]
                if refused and self._shape != shape:
                    continue
                changed = shape.without(refused)
                if changed is None:
                    raise
                self._shape = changed

    async def _with_dimensions(self, texts: Sequence[str], use: tuple[str, str]) -> Embedded | None:
        """Ask for vectors of the configured size, if that was not tried; None if the server has no such ones.

        The answer is remembered unless it may be another one soon: then the error is raised.
        """
        if "dimensions" not in self._shape.optional or self._shape.dimensions is not None:
            return None
        optional = self._shape.optional - {"dimensions"}
        sized = replace(self._shape, dimensions=self.dimensions, optional=optional)
        try:
            answer = await self._ask(texts, use, sized)
        except self.errors as error:
            if not isinstance(error, WrongDimensions) and self.failure(error).retry is Retry.RETRY:
                raise
            self._shape = replace(self._shape, optional=optional)
            return None
        self._shape = replace(self._shape, dimensions=self.dimensions, optional=optional)
        return answer

    async def _ask(self, texts: Sequence[str], use: tuple[str, str], shape: RequestShape) -> Embedded:
        # `client.embeddings` would validate each text, which takes as long as the request itself
        response = await self._client.post(
            "/embeddings", body=shape.body(self.model, texts, use), cast_to=httpx2.Response
        )
        self.served_by = response.headers.get("x-pilito-embedder", "")
        body = openai_answers.parsed(response.content)
        if openai_refusals.has_error(body):
            raise openai_refusals.ErrorAnswer(body)
        return openai_answers.read(body, len(texts), self.dimensions)


def _address(base_url: str) -> tuple[str, dict[str, str]]:
    """Returns the address without its query and without `/embeddings`, and the query of all requests."""
    parts = urlsplit(base_url)
    path = parts.path.rstrip("/").removesuffix("/embeddings")
    return f"{parts.scheme}://{parts.netloc}{path}", dict(parse_qsl(parts.query))


def _place(address: str) -> str:
    """Returns the scheme, host and port of an address, without a name and a password in it."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _is_azure(address: str, query: Mapping[str, str]) -> bool:
    """Returns whether a server takes its key in a header of its own, as Azure does."""
    azure = ("/openai/deployments/", ".azure.com/")
    return "api-version" in query or any(part in f"{address}/" for part in azure)


def _is_loopback(address: str) -> bool:
    """Returns whether a server runs on this machine, where a proxy of the environment cannot reach it."""
    host = urlsplit(address).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
