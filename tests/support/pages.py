"""Pages of products that are taken over without a workflow."""

from dataclasses import dataclass
from datetime import UTC, datetime

from activities.sync.index_page import Spent
from activities.sync.new_products import NOBODY, Foresight, Newcomers
from activities.sync.save_page import Pages, ReadPage, ReadProduct, SavedPage
from contracts.catalog import Product
from contracts.stores import StoreType
from database.access.shop_access import ShopCredentials
from tests.support.system import Shop, System

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
    pages: Pages
    foresight: Foresight

    def read(self, *products: Product, read_at: datetime | None = None) -> ReadPage:
        terms = ShopCredentials(
            user_id=self.shop.user_id,
            type=StoreType.WOOCOMMERCE,
            base_url="",
            currency="IRT",
            credentials=None,
        )
        return ReadPage(
            store_id=self.shop.store_id,
            terms=terms,
            products=[
                ReadProduct(product=product, read_at=read_at or datetime.now(UTC), listed_hash=None)
                for product in products
            ],
        )

    async def save(
        self, *products: Product, newcomers: Newcomers = NOBODY, read_at: datetime | None = None
    ) -> SavedPage:
        page = self.read(*products, read_at=read_at)
        async with self.system.database.transaction() as connection:
            return await self.pages.save(connection, page, newcomers)

    async def take(self, *products: Product) -> Spent:
        return await self.pages.make_known(await self.save(*products))

    async def take_new(self, *products: Product) -> tuple[Spent, SavedPage]:
        """What was embedded beforehand, and what is left to be made known."""
        async with self.foresight.of(self.shop.store_id, products) as newcomers:
            return newcomers.spent, await self.save(*products, newcomers=newcomers)

    async def live(self) -> list[str]:
        """The products search may find, each as often as it has chunks that are found."""
        rows = await self.shop.rows(
            "SELECT external_id FROM products p JOIN tenant_knowledge k ON k.product_id = p.id"
            " WHERE p.store_id = :store AND p.is_active AND k.is_live AND k.embedding IS NOT NULL"
            " AND k.content_hash = p.content_hash AND p.knowledge_hash = p.content_hash ORDER BY p.id"
        )
        return [row["external_id"] for row in rows]
