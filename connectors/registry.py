"""The platforms of shops: one record each, read by everything that depends on the type of a store."""

from collections.abc import Mapping

from connectors.base import Platform, SecretFormat
from connectors.custom.deliveries import CustomDeliveries
from connectors.custom.schema import Delivery
from connectors.shopify.catalogue import ShopifyReader
from connectors.shopify.deliveries import ShopifyDeliveries, ShopifyDelivery
from connectors.woocommerce.catalogue import WooCommerceReader
from connectors.woocommerce.deliveries import EVENT_PREFIX, WooCommerceDeliveries, WooCommerceDelivery
from contracts.errors import InvalidField
from contracts.stores import Store, StoreType
from contracts.tokens import TokenFormat

PLATFORMS: Mapping[StoreType, Platform] = {
    StoreType.WOOCOMMERCE: Platform(
        deliveries=WooCommerceDeliveries(),
        body=WooCommerceDelivery,
        reader=WooCommerceReader(),
        credentials=("consumer_key", "consumer_secret"),
        token_format=TokenFormat(prefix="wc_sk_live_", length=40),
        store_name="WooCommerce shop",
        webhook_event_prefix=EVENT_PREFIX,
        product_id_field="woo_product_id",
    ),
    StoreType.SHOPIFY: Platform(
        deliveries=ShopifyDeliveries(),
        body=ShopifyDelivery,
        reader=ShopifyReader(),
        credentials=("access_token",),
        other_credentials=(
            ("client_id", "client_secret"),
            ("client_id", "client_secret", "refresh_token"),
            ("client_id", "client_secret", "access_token", "refresh_token"),
        ),
        token_format=TokenFormat(prefix="shpat_", length=32),
        store_name="Shopify shop",
    ),
    StoreType.CUSTOM: Platform(
        deliveries=CustomDeliveries(),
        body=Delivery,
        token_format=TokenFormat(prefix="pk_live_", length=40),
        store_name="Shop",
        webhook_secret=SecretFormat(
            pattern=r"whsec_[A-Za-z0-9+/]{32,86}={0,2}",
            expected="whsec_ and 24 to 64 bytes in base64, as Standard Webhooks requires",
        ),
    ),
}

READABLE: tuple[StoreType, ...] = tuple(type_ for type_, platform in PLATFORMS.items() if platform.reader)
"""The store types that have readable shops."""


def check_readable(store: Store) -> None:
    """Raises InvalidField, which names the setting that is missing before the store's shop can be read."""
    if store.type not in READABLE:
        raise InvalidField("type", f"the shop of a {store.type} store cannot be read; it sends all changes")
    if not store.base_url:
        raise InvalidField("base_url", "set it: the store has no address to read its shop at")
    if not store.has_credentials:
        raise InvalidField("credentials", "set them: the store has none to read its shop with")
