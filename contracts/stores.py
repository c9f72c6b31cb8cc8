"""A shop of a user, as its operator sees it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from contracts.syncs import SyncMode
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
    encrypted_secrets: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopAccess:
    """What reading a shop takes; it shows no secret, and is not to be kept in histories."""

    store_id: int
    type: StoreType
    base_url: str
    credentials: Mapping[str, str] = field(repr=False)


LONGEST_INCREMENTAL_HOURS = 168
LONGEST_FULL_DAYS = 31


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncSchedule:
    """How often what changed is asked for, and everything compared; None is never."""

    incremental_hours: int | None = 6
    full_days: int | None = 7
    paused: bool = False


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


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadableStore:
    """A store whose shop can be read; `is_new` as long as nobody began to read it."""

    store_id: int
    is_new: bool
    schedule: SyncSchedule = field(default_factory=SyncSchedule)

    @property
    def first_sync(self) -> SyncMode | None:
        """What to begin with at once; either walks everything, for nothing is known yet."""
        if not self.is_new or self.schedule.paused:
            return None
        if self.schedule.full_days is not None:
            return SyncMode.FULL
        return SyncMode.INCREMENTAL if self.schedule.incremental_hours is not None else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Aligned:
    """What an alignment of all schedules came to."""

    stores: int
    created: int = 0
    changed: int = 0
    deleted: int = 0
    started: int = 0
