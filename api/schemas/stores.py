"""What is asked and answered about stores."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from api.fields import Id, Whole
from api.openapi.build import Answer
from api.pagination import Paged, page_example
from contracts.stores import LONGEST_FULL_DAYS, LONGEST_INCREMENTAL_HOURS, StoreType, SyncSchedule
from contracts.webhooks import WebhookHealth, WebhookStatus

LONGEST_OVERLAP_HOURS = 24 * 30

Name = Annotated[
    str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*[^\x00-\x20\x7f][^\x00-\x1f\x7f]*$")
]
Currency = Annotated[str, Field(min_length=1, max_length=10, pattern=r"^[^\s\x00-\x1f]+$")]
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
    "webhooks": {
        "state": "reenabled",
        "reason": "WooCommerce had disabled product.updated after failed deliveries; it is active again.",
        "checked_at": "2026-11-20T10:00:00Z",
        "hooks": [{"id": 12, "topic": "product.updated", "status": "active"}],
    },
    "schedule": {"incremental_hours": 6, "full_days": 7, "paused": False},
    "created_at": "2026-11-20T10:00:00Z",
    "updated_at": "2026-11-20T10:00:00Z",
}


class StoreOwner(Answer):
    id: int
    email: str


class ShownHook(Answer):
    id: int = Field(description="in the shop")
    topic: str
    status: WebhookStatus


class ShownWebhooks(Answer):
    """How it stands with the webhooks the shop itself sends us, when it was last looked at."""

    state: WebhookHealth
    reason: str = Field(description="a sentence for people")
    checked_at: datetime | None
    hooks: list[ShownHook]


class ShownSchedule(Answer):
    """When the shop is read by itself, from the moment there are an address and credentials to do so."""

    incremental_hours: int | None = Field(description="hours between questions for changes; null is never")
    full_days: int | None = Field(description="days between comparisons of everything; null is never")
    paused: bool


class ShownStore(Answer):
    """A store; of its secrets only that they are there."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    id: int
    type: StoreType
    name: str
    base_url: str
    currency: str | None
    user: StoreOwner
    webhook_url: str
    has_webhook_secret: bool
    old_secret_until: datetime | None = Field(description="the secret before this one counts until then")
    has_credentials: bool
    webhooks: ShownWebhooks
    schedule: ShownSchedule
    created_at: datetime
    updated_at: datetime


class NewStore(ShownStore):
    """The store, with its webhook secret for the only time."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{**EXAMPLE, "webhook_secret": "whsec_4dK0…", "has_credentials": False}]
        }
    )

    webhook_secret: str


class StorePage(Answer):
    """A page of stores, the newest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [page_example("integrations/stores", EXAMPLE)]})

    count: int
    next: str | None
    previous: str | None
    results: list[ShownStore]


Hours = Annotated[int, Field(ge=1, le=LONGEST_INCREMENTAL_HOURS), Whole]
Days = Annotated[int, Field(ge=1, le=LONGEST_FULL_DAYS), Whole]


class AskedSchedule(BaseModel):
    """When to read the shop; what is not named stays as it is, and null is never."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"incremental_hours": 12}]})

    incremental_hours: Hours | None = SyncSchedule().incremental_hours
    full_days: Days | None = SyncSchedule().full_days
    paused: bool = False


class StoreRequest(BaseModel):
    """A store to be made; without `user_id` it is the asking admin's, without a secret one is generated."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "type": "woocommerce",
                    "name": "فروشگاه لپ‌تاپ",
                    "base_url": "https://shop.example",
                    "currency": "IRT",
                    "credentials": {"consumer_key": "ck_0123456789", "consumer_secret": "cs_0123456789"},
                }
            ]
        },
    )

    type: StoreType = StoreType.WOOCOMMERCE
    name: Name
    base_url: str = Field(default="", max_length=2_000)
    currency: Currency | None = None
    user_id: Id | None = None
    webhook_secret: Secret | None = None
    credentials: dict[str, Secret] | None = Field(default=None, max_length=8)
    schedule: AskedSchedule | None = None


class StoreChange(BaseModel):
    """What to change; `credentials: null` forgets them, and so does an address at another host.

    `schedule: null` is the usual one again.
    """

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"name": "فروشگاه تازه", "currency": "IRR"}]}
    )

    name: Name | None = None
    base_url: str | None = Field(default=None, max_length=2_000)
    currency: Currency | None = None
    credentials: dict[str, Secret] | None = Field(default=None, max_length=8)
    schedule: AskedSchedule | None = None


class SecretRotation(BaseModel):
    """How long the present secret counts beside the new one, and the new one where the shop chose it."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"overlap_hours": 24}]})

    overlap_hours: float = Field(default=24, ge=0, le=LONGEST_OVERLAP_HOURS)
    webhook_secret: Secret | None = None


class StoresAsked(Paged):
    user_id: Id | None = None
    type: StoreType | None = None
