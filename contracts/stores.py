"""Stores: the shops of users, and how they are read."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from contracts.syncs import SyncMode
from contracts.webhooks import WebhookState


class StoreType(StrEnum):
    """The platform a shop runs on; `connectors.registry` has one record for each."""

    WOOCOMMERCE = "woocommerce"
    SHOPIFY = "shopify"
    CUSTOM = "custom"


class AssistantAccess(StrEnum):
    """Who may read the catalogue of a store by the doors for assistants.

    These are holders of a token of the store, everyone, or no one.
    """

    TOKEN = "token"  # noqa: S105 - a kind of access
    PUBLIC = "public"
    OFF = "off"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenStore:
    """What the doors for assistants say of a store, and who may come in; `currency` may be empty."""

    id: int
    user_id: int
    name: str
    type: StoreType
    base_url: str
    currency: str
    assistant_access: AssistantAccess


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryTerms:
    """What a store's deliveries are checked against; any of the secrets may have signed them."""

    type: StoreType
    is_active: bool
    encrypted_secrets: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewToken:
    """An access token that a shop gave for `seconds`, or without an end.

    `refresh_token` replaces the one that was used; it is empty if the shop gave none.
    """

    access_token: str = field(repr=False)
    seconds: float | None
    refresh_token: str = field(default="", repr=False)


RequestToken = Callable[[Mapping[str, str]], Awaitable[NewToken]]
"""Asks the shop for a token by these credentials; raises ShopProblem."""

RenewToken = Callable[[str, RequestToken], Awaitable[str]]
"""Returns a token other than the given one, which the shop refuses or which is empty.

It is the stored one if another process has renewed it, or else a requested one, which is then stored.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopAccess:
    """What reading a shop needs; `repr` shows no secret, and workflow histories never contain it.

    Without `renew_token`, a new token is kept by its user.
    """

    store_id: int
    type: StoreType
    base_url: str
    credentials: Mapping[str, str] = field(repr=False)
    renew_token: RenewToken | None = field(default=None, repr=False)


LONGEST_INCREMENTAL_HOURS = 168
LONGEST_FULL_DAYS = 31


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncSchedule:
    """How often a store has incremental and full syncs; None means never."""

    incremental_hours: int | None = 6
    full_days: int | None = 7
    paused: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopFailures:
    """A shop that fails: the visits in a row that failed, since when, and why the last one did.

    After a few failures, `next_visit_at` is the earliest time of the next visit.
    """

    count: int
    since: datetime
    reason: str
    next_visit_at: datetime | None


class PluginEvent(StrEnum):
    """What happens to our plugin in a shop."""

    ACTIVATED = "activated"
    DEACTIVATED = "deactivated"
    UNINSTALLED = "uninstalled"


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginState:
    """What the plugin of a shop said last, its version, and when that arrived."""

    state: PluginEvent
    version: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """A store without its secrets; the secret before a rotation is valid until `old_secret_until`.

    With `require_signature`, a delivery that has a token needs a signature as well. Budgets are tokens of
    embedding; None is any number.
    """

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
    require_signature: bool
    assistant_access: AssistantAccess
    webhooks: WebhookState
    schedule: SyncSchedule
    shop_failures: ShopFailures | None
    created_at: datetime
    updated_at: datetime
    budget_day_tokens: int | None = None
    budget_month_tokens: int | None = None
    plugin: PluginState | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadableStore:
    """A store with a readable shop; `is_new` until its first sync."""

    store_id: int
    is_new: bool
    schedule: SyncSchedule = field(default_factory=SyncSchedule)

    @property
    def first_sync(self) -> SyncMode | None:
        """The sync to start at once; both modes read all products while none are stored."""
        if not self.is_new or self.schedule.paused:
            return None
        if self.schedule.full_days is not None:
            return SyncMode.FULL
        return SyncMode.INCREMENTAL if self.schedule.incremental_hours is not None else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Aligned:
    """The result of aligning all schedules: how many stores have one, and what was changed."""

    stores: int
    created: int = 0
    changed: int = 0
    deleted: int = 0
    started: int = 0
