"""Query parameters, bodies and responses of stores."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import Field
from pydantic.config import JsonDict

from api.bodies import RequestBody
from api.fields import Id, Whole
from api.openapi.build import ResponseModel, example
from api.schemas.pagination import Page, PageParams, page_example
from contracts.stores import (
    LONGEST_FULL_DAYS,
    LONGEST_INCREMENTAL_HOURS,
    AssistantAccess,
    PluginEvent,
    Store,
    StoreType,
    SyncSchedule,
)
from contracts.tokens import Token
from contracts.webhooks import WebhookHealth, WebhookStatus

LONGEST_OVERLAP_HOURS = 24 * 30
MOST_TOKENS = 10**12

Name = Annotated[
    str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*[^\x00-\x20\x7f][^\x00-\x1f\x7f]*$")
]
Currency = Annotated[str, Field(min_length=1, max_length=10, pattern=r"^[^\s\x00-\x1f]+$")]
Tokens = Annotated[int, Field(ge=0, le=MOST_TOKENS), Whole]
Secret = Annotated[str, Field(min_length=8, max_length=255, pattern=r"^[\x21-\x7e]+$")]

EXAMPLE: JsonDict = {
    "id": 3,
    "type": "woocommerce",
    "name": "فروشگاه لپ‌تاپ",
    "base_url": "https://shop.example",
    "currency": "IRT",
    "user": {"id": 2, "email": "owner@shop.example"},
    "webhook_url": "https://sync.example/api/integrations/woocommerce/webhook/3/",
    "has_webhook_secret": True,
    "old_secret_until": "2026-11-21T10:00:00Z",
    "has_credentials": True,
    "require_signature": False,
    "assistant_access": "token",
    "budget_day_tokens": None,
    "budget_month_tokens": 2_000_000,
    "webhooks": {
        "state": "reenabled",
        "reason": "WooCommerce had disabled product.updated after failed deliveries; it is active again.",
        "checked_at": "2026-11-20T10:00:00Z",
        "hooks": [{"id": 12, "topic": "product.updated", "status": "active"}],
    },
    "schedule": {"incremental_hours": 6, "full_days": 7, "paused": False},
    "shop_failures": {
        "count": 3,
        "since": "2026-11-20T09:58:00Z",
        "reason": "The shop did not answer in time.",
        "next_visit_at": "2026-11-20T10:00:05Z",
    },
    "plugin": {"state": "activated", "version": "2.0.0", "at": "2026-11-20T10:00:00Z"},
    "created_at": "2026-11-20T10:00:00Z",
    "updated_at": "2026-11-20T10:00:00Z",
}


class OwnerOut(ResponseModel):
    """The user that a store or a token belongs to."""

    id: int
    email: str

    @classmethod
    def of(cls, owned: Store | Token) -> Self:
        return cls(id=owned.user_id, email=owned.user_email)


class WebhookOut(ResponseModel):
    """A webhook of the shop that is sent to us."""

    id: int = Field(description="its id in the shop")
    topic: str
    status: WebhookStatus


class WebhooksOut(ResponseModel):
    """The health of the shop's own webhooks at the last check."""

    state: WebhookHealth
    reason: str = Field(description="a sentence for people")
    checked_at: datetime | None
    hooks: list[WebhookOut]


class ScheduleOut(ResponseModel):
    """When resyncs start; they need an address and credentials."""

    incremental_hours: int | None = Field(description="hours between incremental resyncs; null is never")
    full_days: int | None = Field(description="days between full resyncs; null is never")
    paused: bool


class ShopFailuresOut(ResponseModel):
    """Visits to the shop that failed in a row; a shop that keeps failing is visited less often."""

    count: int
    since: datetime
    reason: str = Field(description="of the last failure, a sentence for people")
    next_visit_at: datetime | None = Field(description="the earliest time of the next visit")


class PluginOut(ResponseModel):
    """What the plugin of the shop said last of itself, and when that arrived."""

    state: PluginEvent
    version: str
    at: datetime


class StoreOut(ResponseModel):
    """A store without its secrets."""

    model_config = example(EXAMPLE)

    id: int
    type: StoreType
    name: str
    base_url: str
    currency: str | None
    has_webhook_secret: bool
    old_secret_until: datetime | None = Field(description="how long the previous secret is accepted")
    has_credentials: bool
    require_signature: bool = Field(description="whether deliveries with a token must be signed as well")
    assistant_access: AssistantAccess = Field(
        description="who may read the catalogue over MCP, UCP and the vector store route: holders of a token"
        " of the store, everyone (`public`), or no one (`off`)"
    )
    budget_day_tokens: int | None = Field(description="tokens a day in UTC, then texts wait; null: no limit")
    budget_month_tokens: int | None = Field(description="the same, a month")
    webhooks: WebhooksOut
    schedule: ScheduleOut
    shop_failures: ShopFailuresOut | None = Field(description="null while the shop answers")
    plugin: PluginOut | None = Field(description="null if the shop has no plugin that says so")
    created_at: datetime
    updated_at: datetime
    user: OwnerOut
    webhook_url: str

    @classmethod
    def of(cls, store: Store, *, webhook_url: str, **more: Any) -> Self:
        """Returns a store as a response; `more` are the fields that only a subclass has."""
        return cls.from_fields_of(store, user=OwnerOut.of(store), webhook_url=webhook_url, **more)


class StoreProducts(ResponseModel):
    """How many products search knows; products with a failed change may be among the others."""

    known: int
    waiting: int
    hidden: int
    failed: int


ACTIVE: JsonDict = {
    **EXAMPLE,
    "last_event_at": "2026-11-20T09:59:50Z",
    "last_sync_at": "2026-11-20T06:00:00Z",
    "waiting_events": 1,
    "oldest_waiting_at": "2026-11-20T09:59:50Z",
    "silent_since": None,
    "tokens_30_days": 48_210,
}


class ActiveStore(StoreOut):
    """A store without its secrets, with what arrived from its shop and what its texts cost."""

    model_config = example(ACTIVE)

    last_event_at: datetime | None
    last_sync_at: datetime | None = Field(description="the end of the last sync that succeeded")
    waiting_events: int = Field(description="events that have not ended")
    oldest_waiting_at: datetime | None = Field(description="when the oldest of them arrived")
    silent_since: datetime | None = Field(description="when an event or a sync came last, if over 7 days ago")
    tokens_30_days: int = Field(description="tokens of embedding in the last 30 days in UTC, today included")


class StoreDetail(ActiveStore):
    """A store without its secrets, with its products and what arrived from its shop."""

    model_config = example({**ACTIVE, "products": {"known": 512, "waiting": 1, "hidden": 7, "failed": 0}})

    products: StoreProducts


class StoreWithSecret(StoreOut):
    """The store with its webhook secret, which no other response contains."""

    model_config = example({**EXAMPLE, "webhook_secret": "whsec_4dK0…", "has_credentials": False})

    webhook_secret: str


class RemovedStore(ResponseModel):
    """The store is removed; webhooks are left in the shop, and their deliveries will be refused."""

    model_config = example(
        {
            "status": "removed",
            "webhooks_left": [{"id": 12, "topic": "product.updated", "status": "active"}],
            "reason": "The shop did not answer in time.",
        }
    )

    status: Literal["removed"]
    webhooks_left: list[WebhookOut]
    reason: str = Field(description="why they are left, a sentence for people")


class StorePage(Page[ActiveStore]):
    """A page of stores, the newest first."""

    model_config = example(page_example("integrations/stores", ACTIVE))


Hours = Annotated[int, Field(ge=1, le=LONGEST_INCREMENTAL_HOURS), Whole]
Days = Annotated[int, Field(ge=1, le=LONGEST_FULL_DAYS), Whole]


class ScheduleChange(RequestBody):
    """When to start resyncs; null is never, and fields that are left out stay as they are."""

    model_config = example({"incremental_hours": 12})

    incremental_hours: Hours | None = SyncSchedule().incremental_hours
    full_days: Days | None = SyncSchedule().full_days
    paused: bool = False


class NewStoreRequest(RequestBody):
    """A new store; `user_id` is the admin by default, and a secret is generated by default."""

    model_config = example(
        {
            "type": "woocommerce",
            "name": "فروشگاه لپ‌تاپ",
            "base_url": "https://shop.example",
            "currency": "IRT",
            "credentials": {"consumer_key": "ck_0123456789", "consumer_secret": "cs_0123456789"},
        }
    )

    type: StoreType = StoreType.WOOCOMMERCE
    name: Name
    base_url: str = Field(default="", max_length=2_000)
    currency: Currency | None = None
    user_id: Id | None = None
    webhook_secret: Secret | None = None
    require_signature: bool = False
    assistant_access: AssistantAccess = AssistantAccess.TOKEN
    credentials: dict[str, Secret] | None = Field(default=None, max_length=8)
    schedule: ScheduleChange | None = None


class StoreChange(RequestBody):
    """The fields to change; `credentials: null` removes them, and so does an address at another host.

    `schedule: null` restores the default schedule. A budget is a number of tokens of embedding, in UTC; null
    is any number.
    """

    model_config = example({"name": "فروشگاه تازه", "currency": "IRR"})

    name: Name | None = None
    base_url: str | None = Field(default=None, max_length=2_000)
    currency: Currency | None = None
    require_signature: bool | None = None
    assistant_access: AssistantAccess | None = None
    budget_day_tokens: Tokens | None = None
    budget_month_tokens: Tokens | None = None
    credentials: dict[str, Secret] | None = Field(default=None, max_length=8)
    schedule: ScheduleChange | None = None


class SecretRotation(RequestBody):
    """How long the previous secret is accepted, and the new secret if the shop chose it."""

    model_config = example({"overlap_hours": 24})

    overlap_hours: float = Field(default=24, ge=0, le=LONGEST_OVERLAP_HOURS)
    webhook_secret: Secret | None = None


class StoreListParams(PageParams):
    """The query parameters of the list of stores."""

    user_id: Id | None = None
    type: StoreType | None = None
