"""OpenAI's embeddings endpoint on a port of 127.0.0.1, with faults on demand."""

import math
import random
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal
from zlib import crc32

import orjson

from embedded.embedding.lexical import embed
from embedded.embedding.protocol import EmbeddingRequest, Refused, encode, parse, render
from fakes.listener import LOOPBACK, Listener, Received

INSTANT_VECTORS = 64

AZURE = "/openai/deployments/"
"""Where Azure serves the embeddings of its deployments."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """An answer with this status and body instead of vectors."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mangled:
    """A 200 with changed vectors: (request, vectors) -> (index, vector) of each."""

    change: Callable[[EmbeddingRequest, list[list[float]]], list[tuple[int, list[float]]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request as a server sees it; `fields` is its whole body."""

    target: str
    headers: Mapping[str, str]
    fields: Mapping[str, Any]
    request: EmbeddingRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Refuses or answers the requests for which it returns an answer; the server answers the others."""

    answer: Callable[[Asked], Refusal | None]


Fault = Refusal | Mangled | Rule | Literal["hang", "reset"]
"""What an `EmbeddingServer` does instead of its work; "hang" lasts until `release`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One recorded request; `inputs` is empty if the body was invalid."""

    path: str
    inputs: tuple[str, ...]
    model: str
    dimensions: int
    authorization: str


def openai_error(
    status: int,
    message: str,
    *,
    kind: str = "invalid_request_error",
    code: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Refusal:
    """Returns an error as OpenAI sends it; `kind` is the error's `type`."""
    body = orjson.dumps({"error": {"message": message, "type": kind, "param": None, "code": code}})
    return Refusal(status=status, body=body, headers=headers or {})


def rate_limit_exceeded(*, retry_after: str | None = None, retry_after_ms: int | None = None) -> Refusal:
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    if retry_after_ms is not None:
        headers["retry-after-ms"] = str(retry_after_ms)
    return openai_error(
        429, "Rate limit reached.", kind="requests", code="rate_limit_exceeded", headers=headers
    )


def insufficient_quota() -> Refusal:
    return openai_error(
        429, "You exceeded your current quota.", kind="insufficient_quota", code="insufficient_quota"
    )


def credit_balance_exhausted() -> Refusal:
    return openai_error(
        429, "Your credit balance is exhausted.", kind="insufficient_quota", code="credit_balance_exhausted"
    )


def invalid_api_key() -> Refusal:
    return openai_error(401, "Incorrect API key provided.", code="invalid_api_key")


def permission_denied() -> Refusal:
    return openai_error(403, "Country, region, or territory not supported.", kind="request_forbidden")


def bad_request() -> Refusal:
    return openai_error(400, "'input' is invalid.")


def request_timeout() -> Refusal:
    return openai_error(408, "The request timed out.", kind="timeout")


def conflict() -> Refusal:
    return openai_error(409, "The request conflicted with another one.", kind="conflict")


def server_error() -> Refusal:
    return openai_error(500, "The server had an error.", kind="server_error")


def overloaded(*, retry_after: str | None = None) -> Refusal:
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    return openai_error(503, "The engine is overloaded.", kind="server_error", headers=headers)


NOT_JSON = Refusal(status=200, body=b"<html>It works!</html>", headers={"Content-Type": "text/html"})
EMPTY_DATA = Mangled(change=lambda _, __: [])
LAST_MISSING = Mangled(change=lambda _, vectors: list(enumerate(vectors[:-1])))
OUT_OF_ORDER = Mangled(change=lambda _, vectors: list(enumerate(vectors))[::-1])
NOT_A_NUMBER = Mangled(change=lambda _, vectors: [(i, [math.nan, *v[1:]]) for i, v in enumerate(vectors)])
WRONG_DIMENSIONS = Mangled(change=lambda _, vectors: [(i, v[:-1]) for i, v in enumerate(vectors)])


class EmbeddingServer:
    """OpenAI's embeddings endpoint on a port of 127.0.0.1, with faults on demand.

    With `instant`, it answers with one of a few prepared vectors, so that benches measure the caller.
    Use it as a context manager, or `start` and `stop` it.
    """

    def __init__(self, *, instant: bool = False) -> None:
        self._instant = instant
        self._lock = threading.Condition()
        self._next: deque[Fault] = deque()
        self._always: Fault | None = None
        self._released = threading.Event()
        self._http: Listener | None = None
        self._port = 0
        self.reset()

    def reset(self) -> None:
        """Delete recorded requests and end all faults."""
        self.requests: list[Seen] = []
        self.texts: Counter[str] = Counter()
        self.tokens = 0
        self._next.clear()
        self._always = None
        self.release()

    @property
    def base_url(self) -> str:
        """Returns the value for `OPENAI_BASE_URL`."""
        return f"http://{LOOPBACK}:{self._port}/v1"

    def start(self) -> None:
        self._released = threading.Event()
        self._http = self._listener()
        self._port = self._http.server_port
        self._http.start()

    def stop(self) -> None:
        """Close every connection and wait for the threads that served them."""
        self._always = None
        self._released.set()
        if self._http:
            self._http.stop()
            self._http = None

    def __enter__(self) -> "EmbeddingServer":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def fail_next(self, *faults: Fault) -> None:
        """Answer the next requests with these, one each."""
        with self._lock:
            self._next.extend(faults)

    def fail_always(self, fault: Fault | None) -> None:
        """Answer every request with this once the faults of `fail_next` are used up; None ends it."""
        self._always = fault

    def release(self) -> None:
        """Let every hanging request be answered."""
        self._released.set()
        self._released = threading.Event()

    def wait_for_requests(self, count: int) -> None:
        """Return when so many requests have arrived since the last `reset`, also hanging ones."""
        with self._lock:
            if not self._lock.wait_for(lambda: len(self.requests) >= count, timeout=30):
                raise TimeoutError(f"{len(self.requests)} of {count} requests arrived")

    def refuse_connections(self) -> None:
        """Close every connection and refuse new ones, keeping the port."""
        if self._http is None:
            raise RuntimeError("start the server first")
        self.release()
        self._http.stop()
        self._http = self._listener()

    def accept_connections(self) -> None:
        """Listen again, on the same port."""
        if self._http is None:
            raise RuntimeError("refuse connections first")
        self._http.start()

    def _listener(self) -> Listener:
        headers = {"Content-Type": "application/json", "x-request-id": "req_test"}
        return Listener(self._answer, headers=headers, port=self._port, name="embeddings")

    def _answer(self, received: Received) -> Refusal | Literal["reset"]:
        return self.answer(received)

    def answer(self, received: Received) -> Refusal | Literal["reset"]:
        """Returns what to send for one request, once `release` ends a hanging one."""
        path, body = received.target, received.body
        authorization = received.headers.get("authorization", "")
        if path.partition("?")[0] != "/v1/embeddings" and not path.startswith(AZURE):
            return openai_error(404, f"Invalid URL ({path})")
        try:
            request = parse(body)
        except Refused as refused:
            self._note(Seen(path=path, inputs=(), model="", dimensions=0, authorization=authorization))
            return Refusal(status=refused.status, body=refused.body)
        seen = Seen(
            path=path,
            inputs=request.texts,
            model=request.model,
            dimensions=request.dimensions,
            authorization=authorization,
        )
        released = self._released
        fault = self._note(seen)
        if fault == "hang":
            released.wait()
            fault = None
        if fault == "reset" or isinstance(fault, Refusal):
            return fault
        if isinstance(fault, Rule):
            fields = orjson.loads(body)
            asked = Asked(target=path, headers=received.headers, fields=fields, request=request)
            if answered := fault.answer(asked):
                return answered
        if isinstance(fault, Mangled):
            vectors = [list(embed(text, request.dimensions)) for text in request.texts]
            changed = [(at, encode(v, request.encoding)) for at, v in fault.change(request, vectors)]
            return Refusal(status=200, body=render(request, changed))
        with self._lock:
            self.texts.update(request.texts)
            self.tokens += request.tokens
        return Refusal(status=200, body=render(request, enumerate(self._vectors(request))))

    def _note(self, seen: Seen) -> Fault | None:
        with self._lock:
            self.requests.append(seen)
            self._lock.notify_all()
            return self._next.popleft() if self._next else self._always

    def _vectors(self, request: EmbeddingRequest) -> Iterable[bytes]:
        if not self._instant:
            return (encode(embed(text, request.dimensions), request.encoding) for text in request.texts)
        prepared = _instant_vectors(request.dimensions, request.encoding)
        return (prepared[crc32(text.encode()) % INSTANT_VECTORS] for text in request.texts)


@lru_cache
def _instant_vectors(dimensions: int, encoding: Literal["float", "base64"]) -> list[bytes]:
    source = random.Random(dimensions)  # noqa: S311 - made-up vectors that guard nothing
    vectors = [[source.gauss(0, 1) for _ in range(dimensions)] for _ in range(INSTANT_VECTORS)]
    lengths = [math.hypot(*vector) for vector in vectors]
    return [
        encode([value / length for value in vector], encoding)
        for vector, length in zip(vectors, lengths, strict=True)
    ]
