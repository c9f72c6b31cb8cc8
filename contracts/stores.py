"""A shop of a user, as its operator sees it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from contracts.store_schedules import SyncSchedule
from contracts.webhooks import WebhookState


class StoreType(StrEnum):
    """What a shop runs on."""

    WOOCOMMERCE = "woocommerce"
    SHOPIFY = "shopify"
    CUSTOM = "custom"


CREDENTIALS: dict[StoreType, tuple[str, ...]] = {
    StoreType.WOOCOMMERCE: ("consumer_key", "consumer_secret"),
    StoreType.SHOPIFY: ("access_token",),
    StoreType.CUSTOM: (),
}
"""What pulling from a shop of each type takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryTerms:
    """What deliveries of a store must satisfy; any of the secrets may have signed them."""

    type: StoreType
    is_active: bool
    sealed_secrets: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopAccess:
    """What reading a shop takes; it shows no secret, and is not to be kept in histories."""

    store_id: int
    type: StoreType
    base_url: str
    credentials: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """A store without its secrets; `old_secret_until` is how long the one before still counts."""

    id: int
    user_id: int
    user_email: str
    type: StoreType
    name: str
    base_url: str
    currency: str | None
    has_webhook_secret: bool
    old_secret_until: datetime | None
    has_credentials: bool
    webhooks: WebhookState
    schedule: SyncSchedule
    created_at: datetime
    updated_at: datetime
