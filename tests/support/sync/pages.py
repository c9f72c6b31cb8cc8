"""Pages of products that are saved and indexed without a workflow."""

from dataclasses import dataclass
from datetime import UTC, datetime

from activities.metrics import Counters
from activities.reading import Prepared
from activities.sync.index_page import PageIndexer
from activities.sync.save_page import ReadPage, ReadProduct, SavedPage, save_page
from contracts.catalog import Product
from contracts.stores import StoreType
from contracts.syncs import SyncCounts
from database.access.shop_access import ShopCredentials
from embeddings.base import Embedder
from tests.support.shop import Shop
from tests.support.system import System

SENTENCE = " چرم طبیعی است و زیره‌ی نرم دارد. "


def shoe(number: int, *paragraphs: str) -> Product:
    """A product; every paragraph is a chunk of its own."""
    return Product(
        external_id=f"woo_{number}",
        title=f"کفش {number}",
        description="".join(f"<p>{(word + SENTENCE) * 14}</p>" for word in paragraphs),
        version=datetime(2026, 11, 1, tzinfo=UTC),
    )


@dataclass
class Page:
    """A page of a store."""

    system: System
    shop: Shop
    indexer: PageIndexer
    embedder: Embedder
    counters: Counters

    async def save(self, *products: Product) -> SavedPage:
        """Save products as if they had been requested just now."""
        terms = ShopCredentials(
            user_id=self.shop.user_id,
            type=StoreType.WOOCOMMERCE,
            base_url="",
            currency="IRT",
            credentials=None,
        )
        page = ReadPage(
            store_id=self.shop.store_id,
            terms=terms,
            requested_at=datetime.now(UTC),
            products=[ReadProduct(product=product, listed_hash=None) for product in products],
            prepared=Prepared(),
        )
        async with self.system.database.transaction() as connection:
            return await save_page(connection, page, model=self.indexer.model)

    async def apply(self, *products: Product) -> SyncCounts:
        """Save and index products. Returns what was embedded and reused."""
        saved = await self.save(*products)
        return (await self.indexer.index(self.shop.store_id, saved.unindexed)).counts

    async def live(self) -> list[str]:
        """Returns the ids of searchable products, each as often as it has searchable chunks."""
        rows = await self.shop.rows(
            "SELECT external_id FROM products p JOIN tenant_knowledge k ON k.product_id = p.id"
            " WHERE p.store_id = :store AND p.is_active AND k.is_live AND k.embedding IS NOT NULL"
            " AND k.content_hash = p.content_hash AND p.knowledge_hash = p.content_hash ORDER BY p.id"
        )
        return [row["external_id"] for row in rows]
