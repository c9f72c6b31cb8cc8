"""JSON objects of bodies."""

from typing import Any

import orjson

from connectors.json_bounds import MAX_DEPTH, TooDeep, parse
from connectors.json_text import loads
from contracts.errors import InvalidBody


def json_object(body: bytes, *, strict: bool = False) -> dict[str, Any]:
    """Returns the JSON object of a body; raises InvalidBody for anything else.

    The mistakes that shops make are forgiven, unless the body is read with `strict`.
    """
    try:
        value = parse(body, loads=orjson.loads if strict else loads)
    except orjson.JSONDecodeError as error:
        raise InvalidBody("The body is not JSON", str(error)) from None
    except TooDeep:
        raise InvalidBody("The body nests too deeply", f"more than {MAX_DEPTH} levels") from None
    if not isinstance(value, dict):
        raise InvalidBody("The body must be a JSON object")
    return value
