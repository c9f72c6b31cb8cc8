"""The test of a connection, and what the plugin says of itself."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from api.bodies import RequestBody
from api.fields import Moment
from api.openapi.build import ResponseModel, example
from api.schemas.plugin.batch import BatchLimits
from contracts.stores import PluginEvent


class Feature(StrEnum):
    """What a plugin may use of this service; an older service names none."""

    BATCH = "batch"
    STATES = "states"
    EXPLAIN = "explain"
    SEARCH = "search"
    LIFECYCLE = "lifecycle"


class KnownProducts(ResponseModel):
    """How many products of the store search knows, and how many it will or cannot.

    `failed` products may be among the others: search has what it had of them before.
    """

    known: int
    hidden: int
    waiting: int
    failed: int


class TokenUser(ResponseModel):
    """The user of the token."""

    id: int
    email: str
    username: str


class UsedToken(ResponseModel):
    """The token of the request."""

    id: int
    integration_type: str
    name: str
    last_used_at: datetime | None
    usage_count: int


class TokenStore(ResponseModel):
    """The store of the token."""

    id: int
    name: str


class Connected(ResponseModel):
    """The connection works; the user, the token and the store that the request belongs to."""

    model_config = example(
        {
            "status": "ok",
            "message": "اتصال برقرار است",
            "user": {"id": 1, "email": "owner@shop.example", "username": "owner"},
            "token": {
                "id": 3,
                "integration_type": "woocommerce",
                "name": "Integration Token",
                "last_used_at": "2026-11-20T10:00:00Z",
                "usage_count": 42,
            },
            "store": {"id": 2, "name": "فروشگاه نمونه"},
            "timestamp": "2026-11-20T10:00:00Z",
            "server_time": "2026-11-20T10:00:00Z",
            "limits": {"batch_items": 100, "batch_bytes": 8_388_608},
            "features": ["batch", "states", "explain", "search", "lifecycle"],
            "products": {"known": 512, "hidden": 7, "waiting": 1, "failed": 0},
        }
    )

    status: Literal["ok"]
    message: str
    user: TokenUser
    token: UsedToken
    store: TokenStore
    timestamp: datetime
    server_time: datetime = Field(description="by which the times of signatures are judged")
    limits: BatchLimits
    features: list[Feature]
    products: KnownProducts | None = Field(description="null while the database does not answer")


class LifecycleRequest(RequestBody):
    """What happened to the plugin in its shop."""

    model_config = example({"event": "activated", "plugin_version": "2.0.0", "at": "2026-11-20T10:00:00Z"})

    event: PluginEvent
    plugin_version: Annotated[str, Field(max_length=40, pattern=r"^[0-9A-Za-z.+_-]*$")] = ""
    at: Moment | None = Field(default=None, description="by the shop's clock; the time of arrival counts")


class LifecycleNoted(ResponseModel):
    """The store shows it."""

    model_config = example({"status": "accepted"})

    status: Literal["accepted"]
