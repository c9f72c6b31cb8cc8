"""What a shop platform must be able to do for us; one folder each, listed in `platforms.py`."""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

from pydantic import BaseModel, ConfigDict

from connectors.http.outbound import Outbound
from contracts.catalog import Product, Variation
from contracts.deliveries import IgnoredDelivery, ParsedDelivery, SignedDelivery
from contracts.events import EventType
from contracts.retry import Failure
from contracts.stores import ShopAccess
from contracts.tokens import TokenFormat
from contracts.webhooks import Webhook


@dataclass(frozen=True, slots=True, kw_only=True)
class Deletion:
    """The shop no longer has this product or variation."""

    external_id: str
    version: datetime | None = None


Change = Product | Variation | Deletion


class Connector(Protocol):
    """Reads what shops of one platform send; pure, so that it can be asked anywhere."""

    def verify(self, delivery: SignedDelivery, secrets: Sequence[str]) -> bool:
        """Whether a delivery was signed with one of a store's secrets; False for anything malformed."""
        ...

    def is_ping(self, delivery: SignedDelivery) -> bool:
        """Whether a delivery only asks if somebody listens, and is to be answered 200 without a signature."""
        ...

    def parse(self, delivery: SignedDelivery) -> ParsedDelivery | IgnoredDelivery:
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
    """What a shop's list says of a product, without its texts.

    Renames move no time and direct writes to the shop's database move none either, so names and facts are
    there beside it. `fingerprint` differs where anything in the entry does. `read` is for those that differ;
    it answers None where only the id can be read. `with_facts` is whether the list tells price and stock.
    """

    external_id: str
    fingerprint: str
    read: Callable[[], Product | None]
    with_facts: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestPage:
    """One page of the list; a page may be short, and only a `next` of None says that it is the last.

    `total` is how many products the shop says there are, `moment` the shop's own time of answering.
    `numbered` is how many pages it says there are, where each can be asked for with its number as a cursor.
    """

    entries: tuple[ManifestEntry, ...]
    next: str | None
    total: int | None
    moment: datetime | None
    numbered: int | None = None

    @property
    def listed(self) -> tuple[str, ...]:
        """The ids of its products."""
        return tuple(entry.external_id for entry in self.entries)

    def joined(self, other: "ManifestPage", *, only: Collection[str]) -> "ManifestPage":
        """This page with these products of another one."""
        others = (entry for entry in other.entries if entry.external_id in only)
        return replace(self, entries=(*self.entries, *others))


@dataclass(frozen=True, slots=True, kw_only=True)
class WholePage:
    """One page of the list with its products in full, by their ids; `listed` are those of the page.

    What is listed and not among the products went meanwhile.
    """

    listed: tuple[str, ...]
    products: Mapping[str, Mapping[str, Any]]
    next: str | None
    total: int | None
    moment: datetime | None
    numbered: int | None = None

    def joined(self, other: "WholePage", *, only: Collection[str]) -> "WholePage":
        """This page with these products of another one."""
        others = [id_ for id_ in other.listed if id_ in only]
        products = {id_: other.products[id_] for id_ in others if id_ in other.products}
        return replace(self, listed=(*self.listed, *others), products={**self.products, **products})


MOST_FETCHED = 100
"""Products a catalogue is asked for by their ids at a time."""


class Catalogue(Protocol):
    """Reads the catalogue of one shop as it is now; ShopProblem where that cannot be done.

    What it reads of products is for `Connector.change`, as a delivery's payload is.
    """

    async def product(self, external_id: str) -> Mapping[str, Any] | None:
        """A product with its variations in full, or a variation; None where it is gone or in the trash.

        ShopHides where it is there, and our key may not see it.
        """
        ...

    async def manifest(self, cursor: str | None, *, modified_after: datetime | None = None) -> ManifestPage:
        """A page of all products but those in the trash, in an order that changes do not alter.

        The first where there is no `cursor`.
        """
        ...

    async def whole(self, cursor: str | None) -> WholePage:
        """A page as of `manifest`, with its products as of `fetch`, in as few questions as can be."""
        ...

    async def fetch(self, external_ids: Sequence[str]) -> dict[str, Mapping[str, Any]]:
        """Up to 100 products with their variations in full, by their ids; the others are gone."""
        ...

    def fingerprint(self, product: Mapping[str, Any]) -> str | None:
        """That of the entry `manifest` would have of a product in full; None where it tells other things."""
        ...

    async def currency(self) -> str | None:
        """The code of the shop's currency; None where it does not tell us."""
        ...


async def fetch_all(catalogue: Catalogue, external_ids: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    """As `Catalogue.fetch`, of any number of products."""
    products: dict[str, Mapping[str, Any]] = {}
    for at in range(0, len(external_ids), MOST_FETCHED):
        products |= await catalogue.fetch(external_ids[at : at + MOST_FETCHED])
    return products


async def whole_by_ids(catalogue: Catalogue, cursor: str | None) -> WholePage:
    """A page whose products are asked for by their ids, where the list itself cannot tell them in full."""
    page = await catalogue.manifest(cursor)
    return WholePage(
        listed=page.listed,
        products=await fetch_all(catalogue, page.listed),
        next=page.next,
        total=page.total,
        moment=page.moment,
        numbered=page.numbered,
    )


class WebhookKeeper(Protocol):
    """Looks after the webhooks a shop sends us; ShopForbids where the shop does not let us.

    `topics` are those we need. Repeating any of it does no harm but `create`, before which one lists.
    """

    @property
    def topics(self) -> Sequence[str]: ...

    async def list(self, address: str) -> Sequence[Webhook]:
        """Those about products that are sent to this address."""
        ...

    async def create(self, topic: str, address: str, secret: str) -> Webhook:
        """An active one, signed with the secret."""
        ...

    async def enable(self, hook_id: int, secret: str) -> Webhook:
        """Make one active again, signed with the secret."""
        ...

    async def sign(self, hook_id: int, secret: str) -> Webhook:
        """Have one signed with the secret, and stay as it is."""
        ...


@runtime_checkable
class KeepsWebhooks(Protocol):
    """A catalogue whose platform lets webhooks be looked after."""

    @property
    def webhooks(self) -> WebhookKeeper: ...


Budget = Callable[[], AbstractAsyncContextManager[None]]
"""Waits until a shop may be asked once more, which is done within."""


class CatalogueReader(Protocol):
    """Opens the catalogues of shops of one platform."""

    def open(
        self, access: ShopAccess, outbound: Outbound, budget: Budget
    ) -> AbstractAsyncContextManager[Catalogue]:
        """With connections of its own: those to two shops at one address must not be mixed up."""
        ...

    def failure(self, error: Exception) -> Failure:
        """What anything that reading raised means."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """Everything by which one platform differs from another; `connectors.registry` lists one per store type.

    `reader` is None where the platform's shops cannot be read. `credentials` names the fields a store needs
    to be read. `body` is the model of a delivery in the API's document. `store_name` is the name of a store
    that is created together with a token.

    `webhook_event_prefix` begins the event ids of the platform's own webhooks; set it where stores also get
    events another way. `product_id_field` is the metadata field that shows a product's number in the shop.
    """

    deliveries: Connector
    body: type[BaseModel]
    reader: CatalogueReader | None = None
    credentials: tuple[str, ...] = ()
    token_format: TokenFormat
    store_name: str
    webhook_event_prefix: str = ""
    product_id_field: str | None = None


def examples(*bodies: Mapping[str, Any]) -> ConfigDict:
    """Returns the configuration of a model that shows these examples in the API's document."""
    return ConfigDict(json_schema_extra={"examples": [dict(body) for body in bodies]})
