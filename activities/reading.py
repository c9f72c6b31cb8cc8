"""CPU-heavy reading of products: parsing, rendering and cutting, of large inputs in child processes.

Large inputs are read before a transaction is opened. A step that finds something large in its transaction
leaves the transaction, reads it in a child process, and opens the transaction again.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar

import orjson
from temporalio import activity

from activities.errors import application_error
from compute import INLINE_BYTES, Busy, Compute, TooSlow
from connectors.base import Change, ManifestEntry
from connectors.bounds import Cuts
from connectors.registry import PLATFORMS
from connectors.unread import body_of
from contracts.catalog import Product, Variation
from contracts.errors import InvalidField, TooExpensive
from contracts.events import EventType
from contracts.retry import Failure, Retry
from contracts.stores import StoreType
from knowledge.content import Content, canonical, content_key, size_of
from knowledge.content_hash import content_hash

BUSY = Failure(
    retry=Retry.RETRY,
    reason="Other large products are being read first.",
    expected=True,
)
SLOW = Failure(retry=Retry.RETRY, reason="The machine is too busy to read this large product.")
SLOW_ATTEMPTS = 6
"""After so many, over some minutes, a product that is still not read fails."""

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadChange:
    """A change, what was cut from it, and the content of a product, if a child process made it."""

    change: Change
    notes: tuple[str, ...]
    content: Content | None = None


class Unread(Exception):
    """A large payload must be read before the transaction goes on; `event` is the id of an older event."""

    def __init__(
        self, platform: StoreType, event_type: EventType, payload: str, event: int | None = None
    ) -> None:
        super().__init__(f"{len(payload)} characters")
        self.event = event
        self.arguments = platform, event_type, payload
        self.size = len(payload)


class Unrendered(Exception):
    """The content of a large product must be made before the transaction goes on."""

    def __init__(self, product: Product, variations: Sequence[Variation], size: int) -> None:
        super().__init__(f"{size} characters")
        self.product = product
        self.variations = variations
        self.size = size


@dataclass(slots=True)
class Prepared:
    """What was read before the transaction, and for which store; `older` are older events by their ids."""

    store_id: int = 0
    change: ReadChange | InvalidField | None = None
    older: dict[int, ReadChange | InvalidField] = field(default_factory=dict)
    _contents: dict[str, tuple[object, Content]] = field(default_factory=dict)
    _texts: dict[str, Content] = field(default_factory=dict)

    def read(self, platform: StoreType, event_type: EventType, payload: str) -> ReadChange:
        """Returns the change of a payload. Raises InvalidField, or Unread for a large payload."""
        if isinstance(self.change, InvalidField):
            raise self.change
        if self.change is not None:
            return self.change
        if len(payload) > INLINE_BYTES:
            raise Unread(platform, event_type, payload)
        return read_payload(platform, event_type, payload)

    def read_older(self, event: int, platform: StoreType, event_type: EventType, payload: str) -> ReadChange:
        """Returns the change of an older event. Raises InvalidField, or Unread for a large payload."""
        read = self.older.get(event)
        if isinstance(read, InvalidField):
            raise read
        if read is None and len(payload) > INLINE_BYTES:
            raise Unread(platform, event_type, payload, event)
        return read or read_payload(platform, event_type, payload)

    def keep(self, product: Product, variations: Sequence[Variation], content: Content) -> None:
        """Keep the content of a product with these variations."""
        self._contents[product.external_id] = content_key(product, variations), content

    def content_of(self, product: Product, variations: Sequence[Variation]) -> Content:
        """Returns the content of a product; raises Unrendered for a large one that was not kept."""
        key, content = self._contents.get(product.external_id, (None, None))
        if content is not None and key == content_key(product, variations):
            return content
        if (size := size_of(product, variations)) > INLINE_BYTES:
            raise Unrendered(product, variations, size)
        return canonical(product, variations)

    def text_of(self, product: Product, variations: Sequence[Variation]) -> str:
        """Returns the hash of a product's content; raises Unrendered as `content_of`."""
        content = self.content_of(product, variations)
        text = content_hash(content)
        self._texts[text] = content
        return text

    def content_with(self, text: str) -> Content | None:
        """Returns the content with a hash that `text_of` has returned, else None."""
        return self._texts.get(text)


def read_payload(platform: StoreType, event_type: EventType, payload: str) -> ReadChange:
    """Returns the change of a stored payload; raises InvalidField."""
    body = orjson.loads(payload) if payload else None
    return read_body(platform, event_type, body_of(body) if isinstance(body, dict) else {})


def read_body(platform: StoreType, event_type: EventType, body: Mapping[str, Any]) -> ReadChange:
    """Returns the change of a body, cut to the bounds of a product; raises InvalidField."""
    cuts = Cuts()
    change = PLATFORMS[platform].deliveries.change(event_type, body, cuts)
    return ReadChange(change=change, notes=cuts.notes)


def _read_and_render(platform: StoreType, event_type: EventType, payload: str) -> ReadChange | InvalidField:
    """Returns the change with its content, or why it cannot be read."""
    try:
        return _with_content(read_payload(platform, event_type, payload))
    except InvalidField as error:
        return error


def _with_content(read: ReadChange) -> ReadChange:
    product = read.change
    if not isinstance(product, Product):
        return read
    return replace(read, content=canonical(product, product.variations))


ReadBodies = dict[str, ReadChange | InvalidField]
"""The changes of several bodies, or why they cannot be read, by the ids they were asked for."""


def _read_bodies(
    platform: StoreType, event_type: EventType, bodies: Mapping[str, Mapping[str, Any]]
) -> ReadBodies:
    changes: ReadBodies = {}
    for external_id, body in bodies.items():
        try:
            changes[external_id] = _with_content(read_body(platform, event_type, body))
        except InvalidField as error:
            changes[external_id] = error
    return changes


async def read_bodies(
    compute: Compute, store_id: int, platform: StoreType, bodies: Mapping[str, Mapping[str, Any]]
) -> ReadBodies:
    """Returns the current products of a shop. If they take too much together, each is read alone."""
    arguments = platform, EventType.UPDATED, bodies
    with reading_errors():
        try:
            return await compute.run(_read_bodies, *arguments, size=weight(bodies), key=page_of(store_id))
        except TooExpensive as error:
            if len(bodies) == 1:
                return dict.fromkeys(bodies, InvalidField("product", str(error)))
    alone: ReadBodies = {}
    for external_id, body in bodies.items():
        alone |= await read_bodies(compute, store_id, platform, {external_id: body})
    return alone


async def read_current(
    compute: Compute, store_id: int, platform: StoreType, body: Mapping[str, Any]
) -> Change:
    """Returns a product as its shop has it now. Raises InvalidField, or ApplicationError for too much CPU."""
    with reading_errors():
        read = await compute.run(
            read_body, platform, EventType.UPDATED, body, size=weight(body), key=store_id
        )
    return read.change


LARGE_PAGE = 16 * INLINE_BYTES
"""List entries have few long fields; most of a page is skipped without being read."""


def _read_entries(entries: Mapping[str, Callable[[], Product | None]]) -> dict[str, Product | None]:
    return {external_id: read() for external_id, read in entries.items()}


async def read_large_entries(
    compute: Compute, store_id: int, entries: Mapping[str, ManifestEntry]
) -> dict[str, Product | None]:
    """Returns the products of a page's entries; empty for a page of ordinary size."""
    bodies = {id_: entry.read for id_, entry in entries.items() if isinstance(entry.read, partial)}
    size = weight([read.args for read in bodies.values()], most=LARGE_PAGE)
    if size <= LARGE_PAGE:
        return {}
    with reading_errors():
        return await compute.run(_read_entries, bodies, size=size, key=page_of(store_id))


def page_of(store_id: int) -> object:
    """Returns the key of a store's pages, which do not wait for large events of the same store."""
    return "page", store_id


def weight(value: object, *, most: int = INLINE_BYTES) -> int:
    """Returns about how many bytes of JSON a value has; counting ends above `most`."""
    total, left = 0, [value]
    while left and total <= most:
        one = left.pop()
        if isinstance(one, str):
            total += len(one)
        elif isinstance(one, Mapping):
            total += 16 * len(one)
            left.extend(one.values())
        elif isinstance(one, list | tuple):
            total += 16 * len(one)
            left.extend(one)
    return total


@contextmanager
def reading_errors() -> Iterator[None]:
    """Translate the errors of child processes into `ApplicationError`s.

    A call that is repeated waits longer each time, and one that the machine is too busy for ends at last.
    """
    attempt = activity.info().attempt if activity.in_activity() else 1
    try:
        yield
    except TooExpensive as error:
        raise application_error(Failure(retry=Retry.FATAL, reason=str(error))) from None
    except TooSlow:
        if attempt >= SLOW_ATTEMPTS:
            raise application_error(Failure(retry=Retry.FATAL, reason=str(TooExpensive()))) from None
        raise application_error(replace(SLOW, pause=30 * attempt * timedelta(seconds=1))) from None
    except Busy:
        pause = min(3 * attempt, 60) * timedelta(seconds=1)
        raise application_error(replace(BUSY, pause=pause)) from None


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
                read = await compute.run(
                    _read_and_render, *unread.arguments, size=unread.size, key=known.store_id
                )
            if unread.event is not None:
                known.older[unread.event] = read
                continue
            known.change = read
            if isinstance(read, ReadChange) and isinstance(read.change, Product) and read.content:
                known.keep(read.change, read.change.variations, read.content)
        except Unrendered as large:
            with reading_errors():
                content = await compute.run(
                    canonical, large.product, large.variations, size=large.size, key=known.store_id
                )
            known.keep(large.product, large.variations, content)
