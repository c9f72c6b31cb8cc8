"""What is left out of a body while it is validated, and noted: what exceeds a bound or cannot be read.

Where the sender reads no answer, `Cuts` are the context of the validation: they note what is left out.
Without a context fields are refused. An entry of a list that cannot be read is left out both ways, because
the other entries are true without it.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any, TypeVar, cast

from pydantic import BaseModel, ValidationError, ValidationInfo

from contracts.errors import InvalidField

_MOST_NOTES = 10

_EMBEDDED_IMAGE = re.compile(r"data:[a-z0-9.+/-]{1,80};base64,[a-z0-9+/=%]*", re.IGNORECASE)

Value = TypeVar("Value", bound=Sequence[object])
Read = TypeVar("Read")
Model = TypeVar("Model", bound=BaseModel)


class TooMuch(ValueError):
    """A field has more than it may, and its sender reads our answer."""


class Cuts:
    """Notes what was left out of a body."""

    def __init__(self) -> None:
        self._notes: dict[str, None] = {}
        self._path: list[list[object]] = []

    def add(self, note: str) -> None:
        if len(self._notes) < _MOST_NOTES:
            self._notes[note] = None

    def leave_out(self, field: str, problem: str) -> None:
        """Note that a field or an entry cannot be read."""
        path = ".".join(str(part) for parts in self._path for part in parts)
        self.add(f"{path}{'.' if path and field else ''}{field}: {problem}; left out.")

    @contextmanager
    def inside(self, *path: object) -> Iterator[list[object]]:
        """While the context is open, what is left out is part of the field or entry of this path.

        Returns the path; a change of its last part is the next entry.
        """
        parts = list(path)
        self._path.append(parts)
        try:
            yield parts
        finally:
            self._path.pop()

    @property
    def notes(self) -> tuple[str, ...]:
        """The notes, each a sentence that names the field and its limit or what was wrong."""
        return tuple(self._notes)


def within(value: Value, most: int, unit: str, info: ValidationInfo) -> Value:
    """Returns `value` with at most this many `unit`s; raises TooMuch where it may not be cut."""
    if len(value) <= most:
        return value
    if info.context is None:
        raise TooMuch(f"expected at most {most:,} {unit}")
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


def each(items: Iterable[object], read: Callable[[Any], Read], info: ValidationInfo) -> list[Read]:
    """Returns what `read` makes of each entry of a list, without the entries for which it raises ValueError.

    Raises TooMuch, and with a context ValueError if no entry can be read: such a list is not an empty one.
    """
    cuts, kept, failed = info.context, [], False
    with cuts.inside(info.field_name, 0) if cuts is not None else nullcontext([0]) as path:
        for position, item in enumerate(items):
            path[-1] = position
            try:
                kept.append(read(item))
            except ValueError as error:
                failed = True
                if is_too_much(error):
                    raise TooMuch(problem_of(error)) from None
                if cuts is not None:
                    cuts.leave_out("", problem_of(error))
    if failed and not kept and cuts is not None:
        raise ValueError("no entry can be read")
    return kept


def validated(
    model: type[Model],
    body: object,
    cuts: Cuts | None,
    *path: str,
    needed: Collection[str] = ("id",),
    is_entry: bool = False,
) -> Model:
    """Returns a body without the fields that cannot be read; `path` leads to it.

    Raises InvalidField if a `needed` field cannot be read, and without `cuts` for every field, unless the
    body is an entry of a list.
    """
    try:
        return model.model_validate(body, context=cuts)
    except ValidationError as error:
        refused = _refused(error)
        strict = cuts is None and (not is_entry or is_too_much(error))
        if strict or not isinstance(body, Mapping) or not refused or not refused.keys().isdisjoint(needed):
            raise InvalidField.of(error, *path) from None
    if cuts is not None:
        for field, problem in refused.items():
            cuts.leave_out(field, problem)
    readable = {field: value for field, value in body.items() if field not in refused}
    return model.model_validate(readable, context=cuts)


def _refused(error: ValidationError) -> dict[str, str]:
    """Returns the problem of each field that a model refuses; empty if it refuses the body as a whole."""
    found = error.errors(include_url=False, include_input=False, include_context=False)
    if not all(one["loc"] for one in found):
        return {}
    return {str(one["loc"][0]): one["msg"].removeprefix("Value error, ") for one in reversed(found)}


def problem_of(error: ValueError) -> str:
    """Returns why something cannot be read, for people."""
    return InvalidField.of(error).problem if isinstance(error, ValidationError) else str(error)


def is_too_much(error: ValueError) -> bool:
    """Returns whether a value was refused only because it has more than it may."""
    if isinstance(error, ValidationError):
        causes = (
            one.get("ctx", {}).get("error") for one in error.errors(include_url=False, include_input=False)
        )
        return any(isinstance(cause, TooMuch) for cause in causes)
    return isinstance(error, TooMuch)
