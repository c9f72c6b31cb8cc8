"""Cursors of search: where a page of results ended, bound to the question and to the mode."""

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

import orjson
from pydantic import Field, TypeAdapter

from api.errors import ApiError, invalid_field
from api.fields import Id, Moment
from contracts.search import Position, Sort

Mode = Literal["hybrid", "words"]

_FINGERPRINT = 16
"""Characters of the digest of the question."""

_Text = Annotated[str, Field(max_length=100)]
_Score = Annotated[float, Field(allow_inf_nan=False)]
_Number = Annotated[Decimal, Field(allow_inf_nan=False, max_digits=60)]

_CURSORS: dict[Sort, TypeAdapter[Any]] = {
    Sort.RELEVANCE: TypeAdapter(tuple[_Text, Mode, _Score, Id]),
    Sort.CHEAPEST: TypeAdapter(tuple[_Text, Mode, _Number | None, Id]),
    Sort.DEAREST: TypeAdapter(tuple[_Text, Mode, _Number | None, Id]),
    Sort.NEWEST: TypeAdapter(tuple[_Text, Mode, Moment, Id]),
}


@dataclass(frozen=True, slots=True)
class Cursor:
    """A position in the results of one mode."""

    position: Position
    mode: Mode

    def place(self, mode: Mode) -> Position:
        """Returns the position in the results of a mode; raises 400 if it is one of the other mode."""
        if mode != self.mode:
            raise _belongs_elsewhere()
        return self.position


def fingerprint(*question: object) -> str:
    """Returns a digest of what a cursor belongs to; a cursor of another question is refused."""
    content = orjson.dumps(question, default=str, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(content).hexdigest()[:_FINGERPRINT]


def write_cursor(position: Position | None, question: str, mode: Mode) -> str | None:
    """Returns a position as clients see it; None at the end. `question` is its fingerprint."""
    if position is None:
        return None
    value = position.value.isoformat() if isinstance(position.value, datetime) else position.value
    content = orjson.dumps([question, mode, value, position.product_id], default=str)
    return base64.urlsafe_b64encode(content).decode()


def read_cursor(text: str | None, question: str, sort: Sort) -> Cursor | None:
    """Returns what `write_cursor` wrote for the same question; raises 400 for any other text."""
    if not text:
        return None
    try:
        content = base64.b64decode(text.encode("ascii"), altchars=b"-_", validate=True)
        belongs_to, mode, value, product_id = _CURSORS[sort].validate_json(content, strict=True)
    except ValueError:
        raise invalid_field("cursor", "is not a cursor of this search") from None
    if belongs_to != question:
        raise _belongs_elsewhere()
    if isinstance(value, datetime) and not 1970 <= value.year < 9999:
        raise invalid_field("cursor", "is not a cursor of this search")
    return Cursor(Position(value=value, product_id=product_id), mode)


def _belongs_elsewhere() -> ApiError:
    return invalid_field("cursor", "belongs to another question or mode: ask again without it")
