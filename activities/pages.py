"""A page of products, read from a shop, becomes rows, chunks and vectors: each step once for all of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from activities.embedding import Embedding, Laid, Spent
from activities.totals import Totals
from contracts.catalog import Product
from contracts.events import EventType, KnowledgeVersion
from database import knowledge, products, variations
from database.engine import Database
from database.events import Change
from database.product_locks import lock_products
from database.products import Written
from database.shops import SealedAccess
from database.variations import Inside
from knowledge.content import canonical, content_hash

SETTLED = timedelta(hours=1)
"""As long as a row is newer than this, an event may know better than what we read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadPage:
    """Products as their shop showed them at `read_at`, with all their variations."""

    store_id: int
    terms: SealedAccess
    read_at: datetime
    products: Sequence[Product]

    def changes(self) -> list[Change]:
        """As if an event had told each of them at the time of reading."""
        return [
            Change(
                id=0,
                store_id=self.store_id,
                user_id=self.terms.user_id,
                event_id="",
                event_type=EventType.UPDATED,
                external_id=product.external_id,
                product_key=product.external_id,
                payload={},
                is_trimmed=False,
                version=min(product.version, self.read_at) if product.version else None,
                received_at=self.read_at,
                superseded_by=None,
                platform=self.terms.type,
                currency=self.terms.currency,
            )
            for product in self.products
        ]


class Pages:
    """Takes pages over; a newer event of one of their products wins at every step."""

    def __init__(self, database: Database, embedding: Embedding, totals: Totals) -> None:
        self._database = database
        self._embedding = embedding
        self._totals = totals

    async def take(self, page: ReadPage) -> tuple[Laid, Spent]:
        """Save a page, and make its texts known where they are not."""
        if not page.products:
            return Laid(missing=0, reused=0), Spent()
        async with self._database.transaction() as connection:
            versions = await self._save(connection, page)
            stored = await products.read(connection, [version.product_id for version in versions])
            laid = Laid(missing=0, reused=0)
            if versions:
                laid = await self._embedding.stage(connection, versions, stored)
        self._totals.reused(laid.reused)
        return laid, await self._make_known(versions)

    async def _save(self, connection: AsyncConnection, page: ReadPage) -> list[KnowledgeVersion]:
        """Write products with their variations; the texts of theirs that search does not know."""
        changes = page.changes()
        await lock_products(connection, page.store_id, [change.external_id for change in changes])
        await products.rewind(connection, changes, settled=page.read_at - SETTLED)
        inside = [
            Inside(change=change, variations=product.variations, ids=product.variation_ids)
            for change, product in zip(changes, page.products, strict=True)
            if product.variation_ids is not None
        ]
        known = await variations.replace_all(connection, page.store_id, inside)
        written = [
            Written(
                change=change,
                product=product,
                content_hash=content_hash(canonical(product, known.get(product.external_id, ()))),
            )
            for change, product in zip(changes, page.products, strict=True)
        ]
        saved = await products.upsert(connection, written)
        for parent in await variations.newer(connection, page.store_id, inside):
            if row := saved.get(parent):
                saved[parent] = await products.refresh_from_variations(connection, row.id, row.content_hash)
        unknown = [
            row
            for row in saved.values()
            if row.is_active
            and (row.knowledge_hash, row.knowledge_model) != (row.content_hash, self._embedding.model)
        ]
        await products.take(connection, [row.id for row in unknown])
        return [
            KnowledgeVersion(event_row=0, product_id=row.id, content_hash=row.content_hash) for row in unknown
        ]

    async def _make_known(self, versions: Sequence[KnowledgeVersion]) -> Spent:
        """Embed and publish; what somebody else is embedding at this moment is theirs to publish."""
        if not versions:
            return Spent()
        ids = [version.product_id for version in versions]
        async with knowledge.embedding_locks(self._database, ids) as alone:
            ours = [version for version in versions if version.product_id in alone.products]
            wanted = await knowledge.wanted(alone.connection, ours)
            spent = await self._embedding.embed(alone.connection, wanted) if wanted else Spent()
        async with self._database.transaction() as connection:
            published = await self._embedding.publish(connection, versions)
        for seconds in published.values():
            self._totals.searchable(seconds)
        return spent
