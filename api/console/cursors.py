"""Positions in lists, as text in addresses."""

import base64
import binascii
from typing import Generic, TypeVar

import orjson
from pydantic import TypeAdapter

from api.errors import ApiError, invalid_field

Values = TypeVar("Values", bound=tuple[object, ...])

LONGEST = 2_000
"""Characters; a position may have a question of 200 letters."""


class PageCursors(Generic[Values]):
    """Writes and reads the values of a position, which `shape` validates."""

    def __init__(self, shape: TypeAdapter[Values]) -> None:
        self._shape = shape

    def write(self, values: Values | None) -> str:
        """Returns a position as text; empty for None."""
        return "" if values is None else base64.urlsafe_b64encode(orjson.dumps(values)).decode()

    def read(self, text: str | None) -> Values | None:
        """Returns the position that `write` wrote, None for an empty one; raises 400 for any other text."""
        if not text:
            return None
        try:
            values = self._shape.validate_json(base64.urlsafe_b64decode(text[:LONGEST]), strict=True)
        except (ValueError, binascii.Error):
            raise _unknown() from None
        if any("\0" in value for value in values if isinstance(value, str)):
            raise _unknown()
        return values


def _unknown() -> ApiError:
    return invalid_field("cursor", "is not a cursor of this list")
