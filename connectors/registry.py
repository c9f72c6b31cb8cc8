"""The platforms we know; one more is a folder and a line in each table here."""

from connectors.base import CatalogueReader, Connector
from connectors.custom.deliveries import CustomDeliveries
from connectors.shopify.client import ShopifyReader
from connectors.shopify.deliveries import ShopifyDeliveries
from connectors.woocommerce.client import WooCommerceReader
from connectors.woocommerce.deliveries import WooCommerceDeliveries
from contracts.errors import InvalidField
from contracts.stores import Store, StoreType

PLATFORMS: dict[str, Connector] = {
    StoreType.WOOCOMMERCE: WooCommerceDeliveries(),
    StoreType.SHOPIFY: ShopifyDeliveries(),
    StoreType.CUSTOM: CustomDeliveries(),
}

READERS: dict[str, CatalogueReader] = {
    StoreType.WOOCOMMERCE: WooCommerceReader(),
    StoreType.SHOPIFY: ShopifyReader(),
}
"""Those whose shops can be read; a custom shop tells us all by itself."""


def check_readable(store: Store) -> None:
    """Raises InvalidField, which names what must be set before the store's shop can be read."""
    if store.type not in READERS:
        raise InvalidField("type", f"the shop of a {store.type} store cannot be read; it tells us all itself")
    if not store.base_url:
        raise InvalidField("base_url", "set it: the store has no address to read its shop at")
    if not store.has_credentials:
        raise InvalidField("credentials", "set them: the store has none to read its shop with")
