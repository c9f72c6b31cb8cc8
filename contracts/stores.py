"""Stores: the shops of users."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from contracts.syncs import SyncMode
from contracts.webhooks import WebhookState


class StoreType(StrEnum):
    """The platform of a shop."""

    WOOCOMMERCE = "woocommerce"
    SHOPIFY = "shopify"
    CUSTOM = "custom"


CREDENTIALS: dict[StoreType, tuple[str, ...]] = {
    StoreType.WOOCOMMERCE: ("consumer_key", "consumer_secret"),
    StoreType.SHOPIFY: ("access_token",),
    StoreType.CUSTOM: (),
}
"""Which credentials are needed to read a shop of each type."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryTerms:
    """What a delivery to a store must satisfy; it may be signed with any of the secrets."""

    type: StoreType
    is_active: bool
    encrypted_secrets: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopAccess:
    """The address and credentials of a shop; not for histories, and `repr` shows no secret."""

    store_id: int
    type: StoreType
    base_url: str
    credentials: Mapping[str, str] = field(repr=False)


LONGEST_INCREMENTAL_HOURS = 168
LONGEST_FULL_DAYS = 31


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncSchedule:
    """Intervals of incremental and full syncs; None means never."""

    incremental_hours: int | None = 6
    full_days: int | None = 7
    paused: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """A store without its secrets; `old_secret_until` is when the previous secret expires."""

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
    """A store with a readable shop; `is_new` until its first sync starts."""

    store_id: int
    is_new: bool
    schedule: SyncSchedule = field(default_factory=SyncSchedule)

    @property
    def first_sync(self) -> SyncMode | None:
        """The sync to start at once; either mode reads everything, because nothing is stored yet."""
        if not self.is_new or self.schedule.paused:
            return None
        if self.schedule.full_days is not None:
            return SyncMode.FULL
        return SyncMode.INCREMENTAL if self.schedule.incremental_hours is not None else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Aligned:
    """The result of aligning all schedules."""

    stores: int
    created: int = 0
    changed: int = 0
    deleted: int = 0
    started: int = 0
