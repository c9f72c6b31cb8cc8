"""A local server that speaks OpenAI's embeddings protocol; `python -m embedded.embedder --port N`.

It is honest about being lexical: answers carry `x-pilito-embedder: lexical`, and the list of models says
that they are owned by it. Limits and errors are OpenAI's.
"""

import argparse
import base64
import math
import sys
import time
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from embedded.lexical import embed
from embedded.ports import LOOPBACK, answers
from embedded.processes import Child, Pause, start_child

HEADERS = {"x-pilito-embedder": "lexical"}
MODELS = {"text-embedding-3-small": 1536, "text-embedding-3-large": 3072, "text-embedding-ada-002": 1536}
DEFAULT_DIMENSIONS = 1536

SECONDS_TO_START = 60.0

MAX_DIMENSIONS = 3072
MAX_INPUTS = 2048
MAX_INPUT_TOKENS = 8192
MAX_REQUEST_TOKENS = 300_000
MAX_BODY_BYTES = 32 * 1024 * 1024

Encoding = Literal["float", "base64"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingRequest:
    """A valid request within all limits."""

    texts: tuple[str, ...]
    model: str
    dimensions: int
    encoding: Encoding
    tokens: int


class Refused(Exception):
    """Answered with `status` and an error of OpenAI's shape."""

    def __init__(
        self, message: str, *, param: str | None = None, code: str | None = None, status: int = 400
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body = orjson.dumps(
            {
                "error": {
                    "message": message,
                    "type": "invalid_request_error",
                    "param": param,
                    "code": code,
                }
            }
        )


def count_tokens(text: str) -> int:
    """Returns about what OpenAI would count: a token is four bytes of UTF-8, so two Persian letters."""
    return math.ceil(len(text.encode("utf-8", "surrogatepass")) / 4)


def parse(body: bytes) -> EmbeddingRequest:
    """Returns the request in a body of `POST /v1/embeddings`; raises `Refused` as OpenAI would."""
    try:
        fields = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Refused("We could not parse the JSON body of your request.") from None
    if not isinstance(fields, dict):
        raise Refused("The body must be a JSON object.")
    model = fields.get("model")
    if not isinstance(model, str) or not model:
        raise Refused("you must provide a model parameter", param="model")
    texts = _texts(fields.get("input"))
    tokens = [count_tokens(text) for text in texts]
    if max(tokens) > MAX_INPUT_TOKENS:
        raise Refused(
            f"This model's maximum context length is {MAX_INPUT_TOKENS} tokens, however you requested "
            f"{max(tokens)} tokens. Please reduce your prompt.",
            param="input",
        )
    if sum(tokens) > MAX_REQUEST_TOKENS:
        raise Refused(
            f"Requested {sum(tokens)} tokens, max {MAX_REQUEST_TOKENS} tokens per request",
            param="input",
            code="max_tokens_per_request",
        )
    return EmbeddingRequest(
        texts=texts,
        model=model,
        dimensions=_dimensions(fields.get("dimensions"), model),
        encoding=_encoding(fields.get("encoding_format")),
        tokens=sum(tokens),
    )


def _texts(asked: object) -> tuple[str, ...]:
    inputs = [asked] if isinstance(asked, str) else asked
    if not isinstance(inputs, list) or not inputs:
        raise Refused("'input' must be a text or a list of texts that is not empty.", param="input")
    if len(inputs) > MAX_INPUTS:
        raise Refused(f"'input' must have at most {MAX_INPUTS} items, not {len(inputs)}.", param="input")
    texts = tuple(text for text in inputs if isinstance(text, str))
    if len(texts) != len(inputs):
        raise Refused("This server embeds texts only, not arrays of tokens.", param="input")
    if not all(texts):
        raise Refused("'input' cannot be an empty string.", param="input")
    return texts


def _dimensions(asked: object, model: str) -> int:
    if asked is None:
        return MODELS.get(model, DEFAULT_DIMENSIONS)
    largest = MODELS.get(model, MAX_DIMENSIONS)
    if not isinstance(asked, int) or isinstance(asked, bool) or not 1 <= asked <= largest:
        raise Refused(f"'dimensions' must be a whole number from 1 to {largest}.", param="dimensions")
    return asked


def _encoding(asked: object) -> Encoding:
    match asked:
        case None | "float":
            return "float"
        case "base64":
            return "base64"
        case _:
            raise Refused("'encoding_format' must be 'float' or 'base64'.", param="encoding_format")


def encode(vector: Iterable[float], encoding: Encoding) -> bytes:
    """Returns a vector as JSON: an array of numbers, or little-endian 32-bit floats as a base64 string."""
    if encoding == "float":
        return orjson.dumps(list(vector))
    return b'"' + base64.b64encode(array("f", vector).tobytes()) + b'"'


def render(request: EmbeddingRequest, encoded: Iterable[tuple[int, bytes]]) -> bytes:
    """Returns the body of an answer, made from the index and the JSON of each vector."""
    data = b",".join(
        b'{"object":"embedding","index":%d,"embedding":%b}' % (index, vector) for index, vector in encoded
    )
    usage = {"prompt_tokens": request.tokens, "total_tokens": request.tokens}
    return b'{"object":"list","data":[%b],"model":%b,"usage":%b}' % (
        data,
        orjson.dumps(request.model),
        orjson.dumps(usage),
    )


def answer(body: bytes) -> bytes:
    """Returns the answer to a body of `POST /v1/embeddings`; raises `Refused`."""
    request = parse(body)
    vectors = (encode(embed(text, request.dimensions), request.encoding) for text in request.texts)
    return render(request, enumerate(vectors))


async def _embeddings(request: Request) -> Response:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MAX_BODY_BYTES:
            raise Refused("The body is too large.", status=413)
    return _json(answer(bytes(body)))


async def _models(_: Request) -> Response:
    started = int(time.time())
    models: list[dict[str, Any]] = [
        {"id": name, "object": "model", "created": started, "owned_by": "pilito-lexical"} for name in MODELS
    ]
    return _json(orjson.dumps({"object": "list", "data": models}))


def _json(body: bytes, status: int = 200) -> Response:
    return Response(body, status_code=status, media_type="application/json", headers=HEADERS)


async def _refused(_: Request, refused: Exception) -> Response:
    assert isinstance(refused, Refused)  # noqa: S101 - registered for this type only
    return _json(refused.body, refused.status)


async def _unknown(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, HTTPException)  # noqa: S101 - registered for this type only
    message = f"Invalid URL ({request.method} {request.url.path})"
    return _json(Refused(message).body, problem.status_code)


app = Starlette(
    routes=[
        Route("/v1/embeddings", _embeddings, methods=["POST"]),
        Route("/v1/models", _models, methods=["GET"]),
    ],
    exception_handlers={Refused: _refused, HTTPException: _unknown},
)


def start(port: int, *, state_dir: Path, pause: Pause = time.sleep) -> Child:
    """Start this server as a child on a port of 127.0.0.1 and wait until it listens."""
    child = launch(port, state_dir=state_dir)
    try:
        wait_ready(child, port, pause=pause)
    except BaseException:
        child.stop(0)
        raise
    return child


def launch(port: int, *, state_dir: Path) -> Child:
    """Start it without waiting."""
    command = (sys.executable, "-m", "embedded.embedder", "--port", str(port))
    return start_child("embedder", command, state_dir=state_dir)


def wait_ready(child: Child, port: int, *, pause: Pause = time.sleep) -> None:
    """Wait until a launched server listens."""
    child.wait_until(lambda: answers(port), seconds=SECONDS_TO_START, pause=pause)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m embedded.embedder", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help=f"where to listen on {LOOPBACK}")
    uvicorn.run(app, host=LOOPBACK, port=parser.parse_args(arguments).port, log_level="warning")


if __name__ == "__main__":
    main()
