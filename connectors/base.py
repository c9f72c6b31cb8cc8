"""The interfaces of a shop platform; each platform is one folder, and `registry.py` lists them."""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict

from connectors.bounds import Cuts
from connectors.http.outbound import Outbound
from contracts.catalog import Product, Variation
from contracts.deliveries import IgnoredDelivery, ReadDelivery, SignedDelivery, UnreadDelivery
from contracts.events import EventType
from contracts.retry import Failure
from contracts.stores import ShopAccess
from contracts.syncs import NumberedPage
from contracts.tokens import TokenFormat


@dataclass(frozen=True, slots=True, kw_only=True)
class Deletion:
    """The shop no longer has this product or variation."""

    external_id: str
    version: datetime | None = None


Change = Product | Variation | Deletion


class Connector(Protocol):
    """Reads what shops of one platform send; pure functions without I/O."""

    @property
    def longest_ping(self) -> int:
        """The most bytes in the body of a ping; 0 if the platform sends no unsigned ping."""
        ...

    def is_signed(self, headers: Mapping[str, str]) -> bool:
        """Returns whether the headers have a signature of the platform's form; the body is not read yet."""
        ...

    def verify(self, delivery: SignedDelivery, secrets: Sequence[str]) -> bool:
        """Returns whether one of a store's secrets signed a delivery; False for anything malformed."""
        ...

    def is_ping(self, delivery: SignedDelivery) -> bool:
        """Returns whether a delivery only tests the address, and is answered 200 without a signature."""
        ...

    def parse(self, delivery: SignedDelivery) -> ReadDelivery:
        """Returns the event of a delivery with a valid signature, or why it cannot be read or is ignored.

        Raises InvalidField only if the sender reads our answers: other senders count a refusal as a failed
        delivery, and stop after a few.
        """
        ...

    def unread(self, delivery: SignedDelivery, reason: str) -> UnreadDelivery | IgnoredDelivery | None:
        """Returns the record of a delivery that is too expensive to parse; `reason` is a sentence for people.

        Returns None if the sender reads our answers, and is answered with the reason.
        """
        ...

    def change(self, event_type: EventType, payload: Mapping[str, Any], cuts: Cuts | None = None) -> Change:
        """Returns the change that a delivery's stored payload describes; raises InvalidField.

        What exceeds the bounds of a product is refused, or cut if there are `cuts` to note it in.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestEntry:
    """A product's entry in a shop's list, without descriptions.

    It includes names, prices and stock besides the modification time, because renamed terms and direct writes
    to the shop's database do not change that time. `fingerprint` is a hash of the entry. `read` parses an
    entry, or returns None if only its id is readable. `with_facts` is whether it has price and stock.
    """

    external_id: str
    fingerprint: str
    read: Callable[[], Product | None]
    with_facts: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestPage:
    """One page of the list; a page may be short, and only a `next` of None marks the last one.

    `total` is the shop's count of products, `moment` the time of the answer by the shop's clock.
    `numbered` is the place of the page, if pages have numbers. `unreadable` has a sentence about each entry
    without a readable id.
    """

    entries: tuple[ManifestEntry, ...]
    next: str | None
    total: int | None
    moment: datetime | None
    numbered: NumberedPage | None = None
    unreadable: tuple[str, ...] = ()

    @property
    def listed(self) -> tuple[str, ...]:
        """Returns the ids of the page's products."""
        return tuple(entry.external_id for entry in self.entries)

    def joined(self, other: "ManifestPage", *, only: Collection[str]) -> "ManifestPage":
        """Returns this page together with the products `only` of another page."""
        others = (entry for entry in other.entries if entry.external_id in only)
        return replace(self, entries=(*self.entries, *others))


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """A product that exists and cannot be read; `reason` is one sentence for people.

    `is_hidden` is whether our key may not read it.
    """

    reason: str
    is_hidden: bool = False


Body = Mapping[str, Any] | Unreadable
"""A full product in the form of a delivery's payload, or why there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WholePage:
    """One page of the list with its full products by id.

    Ids in `listed` but not in `products` were deleted between the two requests.
    """

    listed: tuple[str, ...]
    products: Mapping[str, Body]
    next: str | None
    total: int | None
    moment: datetime | None
    numbered: NumberedPage | None = None
    unreadable: tuple[str, ...] = ()

    def joined(self, other: "WholePage", *, only: Collection[str]) -> "WholePage":
        """Returns this page together with the products `only` of another page."""
        others = [id_ for id_ in other.listed if id_ in only]
        products = {id_: other.products[id_] for id_ in others if id_ in other.products}
        return replace(self, listed=(*self.listed, *others), products={**self.products, **products})


MOST_FETCHED = 100
"""The most products of one `Catalogue.fetch`."""


class Catalogue(Protocol):
    """Reads the current catalogue of one shop; all methods raise ShopProblem.

    Products are returned in the form of a delivery's payload, for `Connector.change` to parse.
    """

    async def product(
        self, external_id: str, *, deleted_ago: timedelta | None = None
    ) -> Mapping[str, Any] | None:
        """Returns a full product with its variations, or a variation; None if it is deleted or in the trash.

        With `deleted_ago`, a copy that a cache made before the shop said that it deleted the product, so long
        ago, counts as deleted. Raises ShopHides if the product exists and our key may not read it,
        ShopSendsTooMuch if it is too large.
        """
        ...

    async def manifest(self, cursor: str | None, *, modified_after: datetime | None = None) -> ManifestPage:
        """Returns a page of all products outside the trash, in an order that updates do not change.

        Without a `cursor`, returns the first page.
        """
        ...

    async def whole(self, cursor: str | None) -> WholePage:
        """Returns the page that `manifest` has for the cursor, with the products that `fetch` has."""
        ...

    async def fetch(self, external_ids: Sequence[str]) -> dict[str, Body]:
        """Returns up to 100 full products with their variations by id; missing ids are deleted products.

        A product that is too large to be read, or that our key may not read, is `Unreadable`.
        """
        ...

    def fingerprint(self, product: Mapping[str, Any]) -> str | None:
        """Returns the fingerprint of a full product's list entry; None if the entry has other fields."""
        ...

    async def currency(self) -> str | None:
        """Returns the code of the shop's currency; None if the shop does not show it."""
        ...


async def fetch_all(catalogue: Catalogue, external_ids: Sequence[str]) -> dict[str, Body]:
    """Returns what `Catalogue.fetch` does, for any number of products."""
    products: dict[str, Body] = {}
    for start in range(0, len(external_ids), MOST_FETCHED):
        products |= await catalogue.fetch(external_ids[start : start + MOST_FETCHED])
    return products


async def whole_by_ids(catalogue: Catalogue, cursor: str | None) -> WholePage:
    """Returns a page with products fetched by id, for lists that cannot return full products."""
    page = await catalogue.manifest(cursor)
    return WholePage(
        listed=page.listed,
        products=await fetch_all(catalogue, page.listed),
        next=page.next,
        total=page.total,
        moment=page.moment,
        numbered=page.numbered,
        unreadable=page.unreadable,
    )


Budget = Callable[[], AbstractAsyncContextManager[None]]
"""Opens a context for one request, once the shop's rate limit allows it."""


class CatalogueReader(Protocol):
    """Opens the catalogues of shops of one platform."""

    def open(
        self, access: ShopAccess, outbound: Outbound, budget: Budget
    ) -> AbstractAsyncContextManager[Catalogue]:
        """Opens a catalogue with its own connections, which shops at one address must not share."""
        ...

    def failure(self, error: Exception) -> Failure:
        """Returns what any exception raised while reading means: retry, blocked or fatal."""
        ...


@dataclass(frozen=True, slots=True)
class SecretFormat:
    """A pattern for secrets, and the sentence that describes it."""

    pattern: str
    expected: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """Everything by which one platform differs from another; `connectors.registry` lists one per store type.

    `reader` is None where the platform's shops cannot be read. `credentials` names the fields a store needs
    to be read, `other_credentials` the fields it may have instead. `body` is the model of a delivery in the
    API's document. `store_name` is the name of a store that is created together with a token. If the platform
    prescribes one, `webhook_secret` is the pattern that a webhook secret must match, and the same in words.

    `webhook_event_prefix` begins the event ids of the platform's own webhooks; set it where stores also get
    events another way. `product_id_field` is the metadata field that shows a product's number in the shop.
    """

    deliveries: Connector
    body: type[BaseModel]
    reader: CatalogueReader | None = None
    credentials: tuple[str, ...] = ()
    other_credentials: tuple[tuple[str, ...], ...] = ()
    token_format: TokenFormat
    store_name: str
    webhook_secret: SecretFormat | None = None
    webhook_event_prefix: str = ""
    product_id_field: str | None = None


def examples(*bodies: Mapping[str, Any]) -> ConfigDict:
    """Returns the configuration of a model that shows these examples in the API's document."""
    return ConfigDict(json_schema_extra={"examples": [dict(body) for body in bodies]})
