"""OpenAI's embeddings protocol: requests, refusals and answers."""

import base64
import json
import math
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import orjson

E5 = "multilingual-e5-small"
E5_DIMENSIONS = 384

LEXICAL = "pilito-lexical"
LEXICAL_DIMENSIONS = 1536

STAND_INS = {
    LEXICAL: LEXICAL_DIMENSIONS,
    "text-embedding-3-small": 1536,
    "text-embedding-3-large": 3072,
    "text-embedding-ada-002": 1536,
}
"""Names under which texts are compared by their words -> dimensions, unless others are asked for."""

DEFAULT_DIMENSIONS = 1536
MAX_DIMENSIONS = 3072
MAX_INPUTS = 2048
MAX_INPUT_TOKENS = 8192
MAX_REQUEST_TOKENS = 300_000

MODEL_CHARACTERS = 100
"""Of an unknown model's name, how many are in the refusal."""

Encoding = Literal["float", "base64"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingRequest:
    """A valid request within OpenAI's limits; `tokens` are estimated. An empty `input_type` was not sent."""

    texts: tuple[str, ...]
    model: str
    dimensions: int
    encoding: Encoding
    tokens: int
    input_type: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vectors:
    """A vector for each text of a request, in their order, and the tokens to bill."""

    vectors: Sequence[Iterable[float]]
    tokens: int


class Refused(Exception):
    """Answered with `status`, `headers` and an error of OpenAI's shape."""

    def __init__(
        self,
        message: str,
        *,
        param: str | None = None,
        code: str | None = None,
        status: int = 400,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = dict(headers or {})
        kind = "invalid_request_error" if status < 500 else "server_error"
        self.body = orjson.dumps(
            {"error": {"message": message, "type": kind, "param": param, "code": code}},
        )


def too_many_tokens(tokens: int, limit: int) -> Refused:
    """Returns the refusal of a request with too many tokens in all of its texts."""
    return Refused(
        f"Requested {tokens} tokens, max {limit} tokens per request",
        param="input",
        code="max_tokens_per_request",
    )


def too_long(tokens: int, limit: int) -> Refused:
    """Returns the refusal of a text with too many tokens."""
    return Refused(
        f"This model's maximum context length is {limit} tokens, however you requested {tokens} tokens. "
        "Please reduce your prompt.",
        param="input",
    )


def overloaded(retry_after: int) -> Refused:
    """Returns the refusal of a request that would wait for too long; `retry_after` is in seconds."""
    return Refused(
        "The engine is currently overloaded, please try again later.",
        status=503,
        headers={"retry-after": str(retry_after)},
    )


def no_such_model(model: str) -> Refused:
    """Returns the refusal of a model that the server does not have."""
    return Refused(
        f"The model `{model[:MODEL_CHARACTERS]}` does not exist",
        param="model",
        code="model_not_found",
        status=404,
    )


def count_tokens(text: str) -> int:
    """Returns about what OpenAI would count: a token is four bytes of UTF-8, so two Persian letters."""
    return math.ceil(len(text.encode("utf-8", "surrogatepass")) / 4)


def parse(body: bytes) -> EmbeddingRequest:
    """Returns the request in a body of `POST /v1/embeddings`; raises `Refused` as OpenAI would."""
    fields = _fields(body)
    model = fields.get("model")
    if not isinstance(model, str) or not model:
        raise Refused("you must provide a model parameter", param="model")
    if not _is_writable(model):
        raise Refused("'model' must not have halves of surrogate pairs.", param="model")
    texts = _texts(fields.get("input"))
    tokens = [count_tokens(text) for text in texts]
    if max(tokens) > MAX_INPUT_TOKENS:
        raise too_long(max(tokens), MAX_INPUT_TOKENS)
    if sum(tokens) > MAX_REQUEST_TOKENS:
        raise too_many_tokens(sum(tokens), MAX_REQUEST_TOKENS)
    input_type = fields.get("input_type")
    return EmbeddingRequest(
        texts=texts,
        model=model,
        dimensions=_dimensions(fields.get("dimensions"), model),
        encoding=_encoding(fields.get("encoding_format")),
        tokens=sum(tokens),
        input_type=input_type if isinstance(input_type, str) else "",
    )


def _fields(body: bytes) -> dict[str, object]:
    try:
        fields = orjson.loads(body)
    except orjson.JSONDecodeError:
        try:
            fields = json.loads(body)  # which reads escaped halves of surrogate pairs, as JSON allows
        except (ValueError, RecursionError):
            raise Refused("We could not parse the JSON body of your request.") from None
    if not isinstance(fields, dict):
        raise Refused("The body must be a JSON object.")
    return fields


def _is_writable(text: str) -> bool:
    """Returns whether a text can be in an answer: it has no half of a surrogate pair."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


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
    if model == E5:
        if asked not in (None, E5_DIMENSIONS) or isinstance(asked, bool):
            raise Refused(f"'dimensions' of this model must be {E5_DIMENSIONS}.", param="dimensions")
        return E5_DIMENSIONS
    if asked is None:
        return STAND_INS.get(model, DEFAULT_DIMENSIONS)
    largest = STAND_INS.get(model, MAX_DIMENSIONS)
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


def render(
    request: EmbeddingRequest, encoded: Iterable[tuple[int, bytes]], tokens: int | None = None
) -> bytes:
    """Returns the body of an answer, made from the index and the JSON of each vector.

    `tokens` are billed; None bills the estimate of the request.
    """
    data = b",".join(
        b'{"object":"embedding","index":%d,"embedding":%b}' % (index, vector) for index, vector in encoded
    )
    billed = request.tokens if tokens is None else tokens
    return b'{"object":"list","data":[%b],"model":%b,"usage":%b}' % (
        data,
        orjson.dumps(request.model),
        orjson.dumps({"prompt_tokens": billed, "total_tokens": billed}),
    )


def answer(request: EmbeddingRequest, embedded: Vectors) -> bytes:
    """Returns the body of an answer with these vectors."""
    encoded = (encode(vector, request.encoding) for vector in embedded.vectors)
    return render(request, enumerate(encoded), embedded.tokens)
