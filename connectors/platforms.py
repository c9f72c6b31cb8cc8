"""The platforms we know; one more is a folder and a line in each table here."""

from connectors.base import CatalogueReader, Connector
from connectors.custom.deliveries import CustomDeliveries
from connectors.shopify.client import ShopifyReader
from connectors.shopify.deliveries import ShopifyDeliveries
from connectors.woocommerce.client import WooCommerceReader
from connectors.woocommerce.deliveries import WooCommerceDeliveries
from contracts.stores import StoreType

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
