"""Save a page of products with their variations: each statement once for the whole page."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from activities.reading import Prepared
from contracts.catalog import Product
from contracts.events import EventType, TextVersion, is_far_ahead, time_of_change
from database.access.shop_access import ShopCredentials
from database.events.write import OpenedEvent
from database.locks import lock_products
from database.products import upsert as products
from database.products import variations
from database.products.columns import ProductWrite
from database.products.following import Followed, follow
from database.products.variations import VariationSet
from knowledge.content import Content
from knowledge.content_hash import content_hash

SETTLED = timedelta(hours=1)
"""A row that was written less than this before a page was requested may be newer than the page."""

_NEVER_LISTED = frozenset(("currency",))
"""What no catalogue says of a product."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadProduct:
    """A product with all its variations; `listed_hash` is the fingerprint of its entry in the shop's list."""

    product: Product
    listed_hash: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadPage:
    """Products that were requested from a shop together; `prepared` has contents that were made."""

    store_id: int
    terms: ShopCredentials
    requested_at: datetime
    products: Sequence[ReadProduct]
    prepared: Prepared

    def change(self, read: ReadProduct) -> OpenedEvent:
        """Returns the product as an event that arrived when the page was requested."""
        product = read.product
        return OpenedEvent(
            id=0,
            store_id=self.store_id,
            user_id=self.terms.user_id,
            event_id="",
            event_type=EventType.UPDATED,
            external_id=product.external_id,
            product_key=product.external_id,
            payload="",
            is_trimmed=False,
            is_without_body=False,
            version=time_of_change(product.version, arrived=self.requested_at),
            received_at=self.requested_at,
            superseded_by=None,
            platform=self.terms.type,
            currency=self.terms.currency,
        )

    def listed_hash(self, read: ReadProduct) -> str | None:
        """Returns None for a product dated far in the future, so that the next sync compares it again."""
        is_ahead = is_far_ahead(read.product.version, arrived=self.requested_at)
        return None if is_ahead else read.listed_hash


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedPage:
    """The ids of products that are new, and the texts that are not indexed."""

    new: Set[str]
    unindexed: Mapping[TextVersion, Content]


async def save_page(connection: AsyncConnection, page: ReadPage, *, model: str) -> SavedPage:
    """Write products with their variations. A row that a newer event wrote is left as it is.

    Raises Unrendered for long descriptions of stored variations.
    """
    if not page.products:
        return SavedPage(new=frozenset(), unindexed={})
    changes = [page.change(read) for read in page.products]
    await lock_products(connection, page.store_id, [change.external_id for change in changes])
    sets = [
        VariationSet(change=change, variations=read.product.variations, ids=read.product.variation_ids)
        for change, read in zip(changes, page.products, strict=True)
        if read.product.variation_ids is not None
    ]
    stored = await variations.replace_all(connection, page.store_id, sets)
    partial = [read.product.external_id for read in page.products if read.product.absent - _NEVER_LISTED]
    before = await products.of_store(connection, page.store_id, partial)
    contents: dict[str, Content] = {}
    written = []
    for change, read in zip(changes, page.products, strict=True):
        product = read.product.completed(before.get(change.external_id))
        content = page.prepared.content_of(product, stored.get(change.external_id, ()))
        contents[change.external_id], text_hash = content, content_hash(content)
        written.append(
            ProductWrite(
                change=change,
                product=product,
                content_hash=text_hash,
                claimed_hash=text_hash if product.visible else None,
                listed_hash=page.listed_hash(read),
            )
        )
    saved = await products.upsert(connection, written, settled=page.requested_at - SETTLED)
    sent = zip(changes, page.products, strict=True)
    followed = [Followed(change=change, product=read.product) for change, read in sent]
    await follow(connection, page.store_id, followed)
    new = {external_id for external_id, row in saved.items() if row.is_new}
    unindexed = {
        TextVersion(event_row=0, product_id=row.id, content_hash=row.content_hash): contents[row.external_id]
        for row in saved.values()
        if row.is_active and (row.knowledge_hash, row.knowledge_model) != (row.content_hash, model)
    }
    return SavedPage(new=new, unindexed=unindexed)
