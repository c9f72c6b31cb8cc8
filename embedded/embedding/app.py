"""The HTTP side of the local embedding server."""

import asyncio
import time
from collections.abc import Awaitable, Iterable
from typing import Any, TypeVar

import orjson
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from embedded.embedding.by_meaning import ByMeaning
from embedded.embedding.lexical import embed
from embedded.embedding.protocol import (
    E5,
    STAND_INS,
    EmbeddingRequest,
    Refused,
    Vectors,
    answer,
    no_such_model,
    overloaded,
    parse,
)

MAX_BODY_BYTES = 32 * 1024 * 1024
BODIES_IN_FLIGHT_BYTES = 64 * 1024 * 1024

CLIENT_CLOSED = 499

Result = TypeVar("Result")


class Gone(Exception):
    """The client has closed its connection."""


class Server:
    """Answers requests; `by_meaning` is None where the model cannot be loaded.

    `names` are further names under which texts are compared by their words; other models do not exist.
    Answers say by which kind of model they are, in the header `x-pilito-embedder`: e5 or lexical.
    """

    def __init__(self, by_meaning: ByMeaning | None, names: Iterable[str] = ()) -> None:
        self._by_meaning = by_meaning
        self._by_words = tuple(dict.fromkeys(name for name in (*STAND_INS, *names) if name != E5))
        self._bytes = 0
        self._started = int(time.time())
        self.app = Starlette(
            routes=[
                Route("/v1/embeddings", self._embeddings, methods=["POST"]),
                Route("/v1/models", self._models, methods=["GET"]),
            ],
            exception_handlers={Refused: _refused, HTTPException: _unknown, Gone: _gone},
        )

    async def _embeddings(self, request: Request) -> Response:
        body = bytearray()
        try:
            async for part in request.stream():
                self._bytes += len(part)
                body += part
                if len(body) > MAX_BODY_BYTES:
                    raise Refused("The body is too large.", status=413)
                if self._bytes > BODIES_IN_FLIGHT_BYTES:
                    raise overloaded(1)
            asked = parse(bytes(body))
        finally:
            self._bytes -= len(body)
        embedded = await _while_connected(request, self._vectors(asked))
        return _json(answer(asked, embedded), headers={"x-pilito-embedder": _kind(asked.model)})

    async def _vectors(self, asked: EmbeddingRequest) -> Vectors:
        if asked.model in self._by_words:
            return await asyncio.to_thread(_by_words, asked)
        if asked.model != E5 or self._by_meaning is None:
            raise no_such_model(asked.model)
        return await self._by_meaning.embed(asked)

    async def _models(self, _: Request) -> Response:
        names = [*([E5] if self._by_meaning else []), *self._by_words]
        models: list[dict[str, Any]] = [
            {"id": name, "object": "model", "created": self._started, "owned_by": f"pilito-{_kind(name)}"}
            for name in names
        ]
        return _json(orjson.dumps({"object": "list", "data": models}))


def _by_words(asked: EmbeddingRequest) -> Vectors:
    return Vectors(vectors=[embed(text, asked.dimensions) for text in asked.texts], tokens=asked.tokens)


def _kind(model: str) -> str:
    return "e5" if model == E5 else "lexical"


async def _while_connected(request: Request, work: Awaitable[Result]) -> Result:
    """Returns the result of `work`, which is cancelled once the client is gone: then raises Gone."""
    working, gone = asyncio.ensure_future(work), asyncio.ensure_future(request.receive())
    try:
        await asyncio.wait((working, gone), return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise Gone
        return working.result()
    finally:
        working.cancel()
        gone.cancel()


def _json(body: bytes, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(body, status_code=status, media_type="application/json", headers=headers)


async def _refused(_: Request, refused: Exception) -> Response:
    assert isinstance(refused, Refused)  # noqa: S101 - registered for this type only
    return _json(refused.body, refused.status, refused.headers)


async def _unknown(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, HTTPException)  # noqa: S101 - registered for this type only
    message = f"Invalid URL ({request.method} {request.url.path})"
    return _json(Refused(message).body, problem.status_code)


async def _gone(_: Request, __: Exception) -> Response:
    return Response(status_code=CLIENT_CLOSED)
