"""The platforms we know; one more is a folder and a line here."""

from connectors.base import Connector
from connectors.custom.deliveries import CustomDeliveries
from connectors.shopify.deliveries import ShopifyDeliveries
from connectors.woocommerce.deliveries import WooCommerceDeliveries
from contracts.stores import StoreType

PLATFORMS: dict[str, Connector] = {
    StoreType.WOOCOMMERCE: WooCommerceDeliveries(),
    StoreType.SHOPIFY: ShopifyDeliveries(),
    StoreType.CUSTOM: CustomDeliveries(),
}
