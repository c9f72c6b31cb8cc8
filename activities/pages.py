"""A page of products, read from a shop, becomes rows, chunks and vectors: each step once for all of them."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from activities.page_texts import PageTexts, Spent
from contracts.catalog import Product
from contracts.events import EventType, KnowledgeVersion
from database import products, variations
from database.engine import Database
from database.events import Change
from database.product_locks import lock_products
from database.products import Written
from database.shops import SealedAccess
from database.variations import Inside
from knowledge.content import Content, canonical, content_hash

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

    def __init__(self, database: Database, texts: PageTexts) -> None:
        self._database = database
        self._texts = texts

    async def take(self, page: ReadPage) -> Spent:
        """Save a page, and make its texts known where they are not."""
        if not page.products:
            return Spent()
        async with self._database.transaction() as connection:
            unknown = await self._save(connection, page)
        return await self._texts.make_known(unknown)

    async def _save(self, connection: AsyncConnection, page: ReadPage) -> dict[KnowledgeVersion, Content]:
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
        contents = {}
        for product in page.products:
            contents[product.external_id] = canonical(product, known.get(product.external_id, ()))
            await asyncio.sleep(0)
        written = [
            Written(change=change, product=product, content_hash=content_hash(contents[product.external_id]))
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
            and (row.knowledge_hash, row.knowledge_model) != (row.content_hash, self._texts.model)
        ]
        await products.take(connection, [row.id for row in unknown])
        return {
            KnowledgeVersion(event_row=0, product_id=row.id, content_hash=row.content_hash): contents[
                row.external_id
            ]
            for row in unknown
        }
