"""A page of products, read from a shop, becomes rows, chunks and vectors: each step once for all of them."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from activities.sync.index_page import PageTexts, Spent
from activities.sync.new_products import NOBODY, Newcomers
from contracts.catalog import Product
from contracts.events import EventType, TextVersion
from database.access.shop_access import ShopCredentials
from database.events.write import OpenedEvent
from database.locks import lock_products
from database.products import upsert as products
from database.products import variations
from database.products.columns import ProductWrite
from database.products.variations import VariationSet
from knowledge.content import Content, canonical, content_hash

SETTLED = timedelta(hours=1)
"""As long as a row is newer than this, an event may know better than what we read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadProduct:
    """A product with all its variations, as its shop showed it at `read_at`.

    `listed_hash` is the fingerprint its entry in the shop's list has, if known.
    """

    product: Product
    read_at: datetime
    listed_hash: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedPage:
    """The products that were new, and the texts that search does not know."""

    new: Set[str]
    unknown: Mapping[TextVersion, Content]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadPage:
    """Products that were read together."""

    store_id: int
    terms: ShopCredentials
    products: Sequence[ReadProduct]

    def change(self, read: ReadProduct) -> OpenedEvent:
        """As if an event had told of it at the time of reading."""
        product = read.product
        return OpenedEvent(
            id=0,
            store_id=self.store_id,
            user_id=self.terms.user_id,
            event_id="",
            event_type=EventType.UPDATED,
            external_id=product.external_id,
            product_key=product.external_id,
            payload={},
            is_trimmed=False,
            version=min(product.version, read.read_at) if product.version else None,
            received_at=read.read_at,
            superseded_by=None,
            platform=self.terms.type,
            currency=self.terms.currency,
        )

    def listed_hash(self, read: ReadProduct) -> str | None:
        """None where the product claims to be of the future: then it is looked at again."""
        version = read.product.version
        return None if version and version > read.read_at else read.listed_hash


class Pages:
    """Takes pages over; a newer event of one of their products wins at every step."""

    def __init__(self, texts: PageTexts) -> None:
        self._texts = texts

    async def save(
        self, connection: AsyncConnection, page: ReadPage, newcomers: Newcomers = NOBODY
    ) -> SavedPage:
        """Write products with their variations, and with their vectors those that have some already."""
        if not page.products:
            return SavedPage(new=frozenset(), unknown={})
        changes = [page.change(read) for read in page.products]
        await lock_products(connection, page.store_id, [change.external_id for change in changes])
        inside = [
            VariationSet(change=change, variations=read.product.variations, ids=read.product.variation_ids)
            for change, read in zip(changes, page.products, strict=True)
            if read.product.variation_ids is not None
        ]
        known = await variations.replace_all(connection, page.store_id, inside)
        contents: dict[str, Content] = {}
        written = []
        for change, read in zip(changes, page.products, strict=True):
            meant = newcomers.contents.get(change.external_id)
            if meant is None or change.external_id in known:
                content = canonical(read.product, known.get(change.external_id, ()))
                meant = content, content_hash(content)
            contents[change.external_id], text = meant
            written.append(
                ProductWrite(
                    change=change,
                    product=read.product,
                    content_hash=text,
                    claimed_hash=text if read.product.visible else None,
                    listed_hash=page.listed_hash(read),
                    knowledge_model=(
                        self._texts.model if newcomers.embedded(change.external_id, text) else None
                    ),
                )
            )
        saved = await products.upsert(
            connection, written, settled=min(read.read_at for read in page.products) - SETTLED
        )
        new = {external_id for external_id, row in saved.items() if row.is_new}
        newer = newcomers.chunks.keys() - saved.keys()
        others = await products.rows(connection, page.store_id, sorted(newer)) if newer else {}
        met = await newcomers.lay(connection, (saved | others).values(), model=self._texts.model)
        saved |= {external_id: row for external_id, row in met.items() if external_id in saved}
        having = [one for one in inside if one.change.product_key in known]
        for parent in await variations.newer(connection, page.store_id, having) if having else ():
            if row := saved.get(parent):
                saved[parent] = await products.refresh_from_variations(connection, row.id, row.content_hash)
        unknown = [
            row
            for row in saved.values()
            if row.is_active
            and (row.knowledge_hash, row.knowledge_model) != (row.content_hash, self._texts.model)
        ]
        return SavedPage(
            new=new,
            unknown={
                TextVersion(event_row=0, product_id=row.id, content_hash=row.content_hash): contents[
                    row.external_id
                ]
                for row in unknown
            },
        )

    async def make_known(self, saved: SavedPage) -> Spent:
        """Let search find the texts of a saved page that it does not know."""
        return await self._texts.make_known(saved.unknown)
