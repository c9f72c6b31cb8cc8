"""What a shop platform must be able to do for us; one folder each, listed in `platforms.py`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from contracts.catalog import Attribute, Product, Variation
from contracts.deliveries import Delivery, Ignored, Told
from contracts.events import EventType


@dataclass(frozen=True, slots=True, kw_only=True)
class Deletion:
    """The shop no longer has this product or variation."""

    external_id: str
    version: datetime | None = None


Change = Product | Variation | Deletion


class Connector(Protocol):
    """Reads what shops of one platform send; pure, so that it can be asked anywhere."""

    def verify(self, delivery: Delivery, secrets: Sequence[str]) -> bool:
        """Whether a delivery was signed with one of a store's secrets; False for anything malformed."""
        ...

    def is_ping(self, delivery: Delivery) -> bool:
        """Whether a delivery only asks if somebody listens, and is to be answered 200 without a signature."""
        ...

    def parse(self, delivery: Delivery) -> Told | Ignored:
        """What a genuine delivery says.

        InvalidField where its sender reads our answers; the others count a refusal as a failure, and stop
        sending after a few.
        """
        ...

    def change(self, event_type: EventType, payload: Mapping[str, Any]) -> Change:
        """A payload kept from a delivery, as our catalogue knows it; InvalidField where it cannot be read."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestEntry:
    """What a shop's list says of a product, without its texts; names are there for renames move no time.

    One that could be read by its id only has neither a time nor names.
    """

    id: int
    external_id: str
    modified: datetime | None
    status: str
    categories: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    brands: tuple[str, ...] = ()
    attributes: tuple[Attribute, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestPage:
    """One page of the list; a page may be short, and only `pages` says which is the last."""

    entries: tuple[ManifestEntry, ...]
    pages: int
    total: int


class Catalogue(Protocol):
    """Reads the catalogue of one shop as it is now; ShopProblem where that cannot be done."""

    async def product(self, external_id: str) -> Mapping[str, Any] | None:
        """A product with its variations in full, or a variation; None where it is gone or in the trash."""
        ...

    async def manifest(self, page: int, *, modified_after: datetime | None = None) -> ManifestPage:
        """A page of all products but those in the trash, by rising id, from 1 on."""
        ...

    async def fetch(self, external_ids: Sequence[str]) -> list[Mapping[str, Any]]:
        """Up to 100 products with their variations in full; those that are gone are not among them."""
        ...

    async def currency(self) -> str | None:
        """The code of the shop's currency; None where it does not tell us."""
        ...
