"""Applies the bounds of a product while its body is validated: too much is refused, or cut and noted."""

import re
from collections.abc import Sequence
from typing import TypeVar, cast

from pydantic import ValidationInfo

_MOST_NOTES = 10

_EMBEDDED_IMAGE = re.compile(r"data:[a-z0-9.+/-]{1,80};base64,[a-z0-9+/=%]*", re.IGNORECASE)

Value = TypeVar("Value", bound=Sequence[object])


class Cuts:
    """Notes what was cut from a body. A model with this context cuts; without a context it refuses."""

    def __init__(self) -> None:
        self._notes: dict[str, None] = {}

    def add(self, note: str) -> None:
        if len(self._notes) < _MOST_NOTES:
            self._notes[note] = None

    @property
    def notes(self) -> tuple[str, ...]:
        """The notes, each a sentence that names the field and its limit."""
        return tuple(self._notes)


def within(value: Value, most: int, unit: str, info: ValidationInfo) -> Value:
    """Returns `value` with at most this many `unit`s; raises ValueError where it may not be cut."""
    if len(value) <= most:
        return value
    if info.context is None:
        raise ValueError(f"expected at most {most:,} {unit}")
    info.context.add(f"{info.field_name}: only the first {most:,} {unit} were kept.")
    return cast(Value, value[:most])


def cut_markup(html: str, most: int, info: ValidationInfo) -> str:
    """Returns a description of at most `most` characters; images inside of a longer one are removed first."""
    if len(html) <= most:
        return html
    html = _EMBEDDED_IMAGE.sub("", html)
    if len(html) <= most:
        return html
    if info.context is not None:
        info.context.add(f"{info.field_name}: only the first {most:,} characters were kept.")
    return html[:most]
