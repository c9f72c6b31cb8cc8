"""JSON-RPC messages of clients: what is refused before the SDK reads a message."""

from typing import Any

import orjson
from fastapi import Response
from mcp_types import INVALID_REQUEST, PARSE_ERROR

from api.errors import json_response
from api.fields import LARGEST_ID
from connectors.json_bounds import MAX_DEPTH, TooDeep, parse


class InvalidMessage(Exception):
    """A body that is no JSON-RPC request or notification; `id_` is the id of the message if it has one."""

    def __init__(self, code: int, sentence: str, id_: object = None) -> None:
        super().__init__(sentence)
        self.code = code
        self.id_ = id_ if _is_id(id_) else None

    def response(self) -> Response:
        """Returns the error with status 400."""
        error = {"code": self.code, "message": str(self)}
        return json_response(400, {"jsonrpc": "2.0", "id": self.id_, "error": error})


def _is_id(value: object) -> bool:
    if isinstance(value, int):
        return not isinstance(value, bool) and -LARGEST_ID <= value <= LARGEST_ID
    return isinstance(value, str)


def read_message(body: bytes) -> dict[str, Any]:
    """Returns a request or notification as it was sent; raises InvalidMessage for anything else."""
    try:
        message = parse(body, loads=orjson.loads)
    except orjson.JSONDecodeError:
        raise InvalidMessage(PARSE_ERROR, "The body is not JSON in UTF-8") from None
    except TooDeep:
        raise InvalidMessage(PARSE_ERROR, f"The body nests more than {MAX_DEPTH} levels deep") from None
    if isinstance(message, list):
        raise InvalidMessage(INVALID_REQUEST, "Batches are not supported; send one message in each request")
    if not isinstance(message, dict):
        raise InvalidMessage(INVALID_REQUEST, "The body is not a JSON-RPC message; send one object")
    id_ = message.get("id")
    if message.get("jsonrpc") != "2.0":
        raise InvalidMessage(INVALID_REQUEST, 'jsonrpc: expected "2.0"', id_)
    if "id" in message and not _is_id(id_):
        raise InvalidMessage(INVALID_REQUEST, "id: expected a string, or a whole number of 63 bits")
    if not isinstance(message.get("method"), str):
        expected = "method: expected a name such as tools/call; the server sends no requests to answer"
        raise InvalidMessage(INVALID_REQUEST, expected, id_)
    if not isinstance(message.get("params", {}), dict):
        raise InvalidMessage(INVALID_REQUEST, "params: expected an object", id_)
    return message
