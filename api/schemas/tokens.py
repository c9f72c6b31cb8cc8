"""What is asked and answered about integration tokens."""

import ipaddress
from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from api.fields import Id, Moment
from api.openapi.build import Answer
from api.pagination import Paged, page_example
from api.schemas.stores import LONGEST_OVERLAP_HOURS, Name
from contracts.stores import StoreType

MOST_ADDRESSES = 100


def _network(value: str) -> str:
    """An address or network in one spelling; an IPv4 address written as IPv6 is an IPv4 address."""
    try:
        network = ipaddress.ip_network(value.strip(), strict=False)
    except ValueError:
        network = None
    if network is None or "%" in value:
        raise ValueError(
            "expected an address such as 203.0.113.7 or a network such as 2001:db8::/32"
        ) from None
    mapped = getattr(network.network_address, "ipv4_mapped", None)
    if mapped is not None and network.prefixlen >= 96:
        network = ipaddress.ip_network(f"{mapped}/{network.prefixlen - 96}", strict=False)
    alone = network.prefixlen == network.max_prefixlen
    return str(network.network_address if alone else network)


Network = Annotated[str, Field(max_length=64), AfterValidator(_network)]
Networks = Annotated[tuple[Network, ...], Field(max_length=MOST_ADDRESSES)]

EXAMPLE: JsonDict = {
    "id": 5,
    "token_preview": "wc_sk_...x7q2m9",
    "integration_type": "woocommerce",
    "name": "فروشگاه لپ‌تاپ",
    "is_active": True,
    "expires_at": "2027-11-20T10:00:00Z",
    "allowed_ips": ["203.0.113.7", "2001:db8::/32"],
    "last_used_at": "2026-11-20T10:00:00Z",
    "usage_count": 1204,
    "user": {"id": 2, "email": "owner@shop.example"},
    "store": {"id": 3, "name": "فروشگاه لپ‌تاپ"},
    "created_at": "2026-11-01T08:00:00Z",
}


class TokenOwner(Answer):
    id: int
    email: str


class TokenStore(Answer):
    id: int
    name: str


class ShownToken(Answer):
    """A token's terms, never its secret."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    id: int
    token_preview: str
    integration_type: StoreType
    name: str
    is_active: bool
    expires_at: datetime | None
    allowed_ips: list[str]
    last_used_at: datetime | None
    usage_count: int
    user: TokenOwner
    store: TokenStore
    created_at: datetime


class TokenPage(Answer):
    """A page of tokens, the newest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [page_example("integrations/tokens", EXAMPLE)]})

    count: int
    next: str | None
    previous: str | None
    results: list[ShownToken]


class IssuedStore(Answer):
    id: int
    name: str
    webhook_secret: str | None = Field(description="of a store made just now; null where the store was there")


class IssuedAnswer(Answer):
    """The token, with its secret for the only time."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": 5,
                    "token": "wc_sk_live_…",
                    "token_preview": "wc_sk_...x7q2m9",
                    "integration_type": "woocommerce",
                    "name": "Integration Token",
                    "expires_at": "2027-11-20T10:00:00Z",
                    "user": {"id": 2, "email": "owner@shop.example"},
                    "store": {"id": 3, "name": "WooCommerce shop", "webhook_secret": "whsec_…"},
                    "created_at": "2026-11-20T10:00:00Z",
                    "message": "⚠️ این token فقط یکبار نمایش داده می‌شود. لطفاً آن را کپی کنید.",
                }
            ]
        }
    )

    id: int
    token: str
    token_preview: str
    integration_type: StoreType
    name: str
    expires_at: datetime | None
    user: TokenOwner
    store: IssuedStore
    created_at: datetime
    message: str


class TokenRequest(BaseModel):
    """A token to be made; without `store_id` a store is made too, without `user_id` the admin's."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "integration_type": "woocommerce",
                    "name": "فروشگاه لپ‌تاپ",
                    "allowed_ips": ["203.0.113.0/24"],
                }
            ]
        },
    )

    user_id: Id | None = None
    integration_type: StoreType = StoreType.WOOCOMMERCE
    name: Name = "Integration Token"
    store_id: Id | None = None
    allowed_ips: Networks = ()
    expires_at: Moment | None = None


class TokenChange(BaseModel):
    """What to change; `expires_at: null` lets it last, an empty `allowed_ips` opens it to all addresses."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"is_active": False, "allowed_ips": ["203.0.113.0/24", "2001:db8::/32"]}]
        },
    )

    name: Name | None = None
    is_active: bool | None = None
    expires_at: Moment | None = None
    allowed_ips: Networks | None = None


class TokenRotation(BaseModel):
    """How long the old token works beside the new one, and when the new one ends."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"overlap_hours": 24}]})

    overlap_hours: float = Field(default=24, ge=0, le=LONGEST_OVERLAP_HOURS)
    expires_at: Moment | None = None


class TokensAsked(Paged):
    user_id: Id | None = None
    store: Id | None = None
    integration_type: StoreType | None = None
    is_active: bool | None = None
