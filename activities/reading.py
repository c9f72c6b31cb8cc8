"""CPU-heavy reading of products: parsing, rendering and cutting, of large inputs in child processes.

Large inputs are read before a transaction is opened. A step that finds something large in its transaction
leaves the transaction, reads it in a child process, and opens the transaction again.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar

import orjson

from activities.errors import application_error
from compute import INLINE_BYTES, Busy, Compute
from connectors.base import Change
from connectors.bounds import Cuts
from connectors.registry import PLATFORMS
from contracts.catalog import Product, Variation
from contracts.errors import InvalidField, TooExpensive
from contracts.events import EventType
from contracts.retry import Failure, Retry
from contracts.stores import StoreType
from knowledge.content import Content, Unrendered, canonical, check_rendered, descriptions_of, rendered

BUSY = Failure(
    retry=Retry.RETRY,
    reason="Other large products of this store are being read first.",
    pause=timedelta(seconds=3),
)

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadChange:
    """A change, what was cut from it, and the texts of its descriptions by their markup."""

    change: Change
    notes: tuple[str, ...]
    texts: Mapping[str, str] = field(default_factory=dict)


class Unread(Exception):
    """A large payload must be read before the transaction goes on."""

    def __init__(self, platform: StoreType, event_type: EventType, payload: str) -> None:
        super().__init__(f"{len(payload)} characters")
        self.arguments = platform, event_type, payload
        self.size = len(payload)


@dataclass(slots=True)
class Prepared:
    """What was read before the transaction, and for which store."""

    store_id: int = 0
    change: ReadChange | InvalidField | None = None
    texts: dict[str, str] = field(default_factory=dict)

    def read(self, platform: StoreType, event_type: EventType, payload: str) -> ReadChange:
        """Returns the change of a payload. Raises InvalidField, or Unread for a large payload."""
        if isinstance(self.change, InvalidField):
            raise self.change
        if self.change is not None:
            return self.change
        if len(payload) > INLINE_BYTES:
            raise Unread(platform, event_type, payload)
        return read_payload(platform, event_type, payload)

    def content_of(self, product: Product, variations: Sequence[Variation]) -> Content:
        """Returns the content of a product; raises Unrendered for long descriptions without a text."""
        check_rendered(product, variations, self.texts, most=INLINE_BYTES)
        return canonical(product, variations, self.texts)


def read_payload(platform: StoreType, event_type: EventType, payload: str) -> ReadChange:
    """Returns the change of a stored payload; raises InvalidField."""
    body = orjson.loads(payload) if payload else None
    return read_body(platform, event_type, body if isinstance(body, dict) else {})


def read_body(platform: StoreType, event_type: EventType, body: Mapping[str, Any]) -> ReadChange:
    """Returns the change of a body, cut to the bounds of a product; raises InvalidField."""
    cuts = Cuts()
    change = PLATFORMS[platform].deliveries.change(event_type, body, cuts)
    return ReadChange(change=change, notes=cuts.notes)


def _texts_of(change: Change) -> dict[str, str]:
    """Returns the text of each description of a product or variation."""
    match change:
        case Product():
            return rendered(descriptions_of(change, change.variations))
        case Variation():
            return rendered([change.description])
        case _:
            return {}


def _read_and_render(platform: StoreType, event_type: EventType, payload: str) -> ReadChange | InvalidField:
    """Returns the change with its rendered descriptions, or why it cannot be read."""
    try:
        read = read_payload(platform, event_type, payload)
    except InvalidField as error:
        return error
    return ReadChange(change=read.change, notes=read.notes, texts=_texts_of(read.change))


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadBodies:
    """The changes of several bodies by the ids they were asked for, and the texts of their descriptions."""

    changes: Mapping[str, ReadChange | InvalidField]
    texts: Mapping[str, str]


def _read_bodies(
    platform: StoreType, event_type: EventType, bodies: Mapping[str, Mapping[str, Any]]
) -> ReadBodies:
    changes: dict[str, ReadChange | InvalidField] = {}
    texts: dict[str, str] = {}
    for external_id, body in bodies.items():
        try:
            read = changes[external_id] = read_body(platform, event_type, body)
        except InvalidField as error:
            changes[external_id] = error
            continue
        texts |= _texts_of(read.change)
    return ReadBodies(changes=changes, texts=texts)


async def read_bodies(
    compute: Compute, store_id: int, platform: StoreType, bodies: Mapping[str, Mapping[str, Any]]
) -> ReadBodies:
    """Returns the current products of a shop; raises an ApplicationError if they take too much to read."""
    size = sum(map(_weight, bodies.values()))
    with reading_errors():
        return await compute.run(_read_bodies, platform, EventType.UPDATED, bodies, size=size, key=store_id)


async def read_current(
    compute: Compute, store_id: int, platform: StoreType, body: Mapping[str, Any]
) -> Change:
    """Returns a product as its shop has it now. Raises InvalidField, or ApplicationError for too much CPU."""
    with reading_errors():
        read = await compute.run(
            read_body, platform, EventType.UPDATED, body, size=_weight(body), key=store_id
        )
    return read.change


def _weight(body: Mapping[str, Any]) -> int:
    """Returns about how many bytes of JSON a product has, from its long fields."""
    return sum(
        len(value) if isinstance(value, str) else 50 * len(value)
        for value in body.values()
        if isinstance(value, str | list | dict)
    )


@contextmanager
def reading_errors() -> Iterator[None]:
    """Translate the errors of child processes into `ApplicationError`s."""
    try:
        yield
    except TooExpensive as error:
        raise application_error(Failure(retry=Retry.FATAL, reason=str(error))) from None
    except Busy:
        raise application_error(BUSY) from None


async def with_prepared(
    compute: Compute, attempt: Callable[[Prepared], Awaitable[Result]], known: Prepared | None = None
) -> Result:
    """Returns the result of `attempt`, called again after each large input it needs was read.

    Raises an ApplicationError for an input that takes too much CPU time or memory.
    """
    known = known or Prepared()
    while True:
        try:
            return await attempt(known)
        except Unread as unread:
            with reading_errors():
                known.change = await compute.run(
                    _read_and_render, *unread.arguments, size=unread.size, key=known.store_id
                )
            if isinstance(known.change, ReadChange):
                known.texts.update(known.change.texts)
        except Unrendered as unrendered:
            with reading_errors():
                known.texts |= await compute.run(
                    rendered, unrendered.descriptions, size=unrendered.size, key=known.store_id
                )
