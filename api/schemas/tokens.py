"""Query parameters, bodies and responses of integration tokens."""

import ipaddress
from datetime import datetime
from typing import Annotated, Self

from pydantic import AfterValidator, Field
from pydantic.config import JsonDict

from api.bodies import RequestBody
from api.fields import Id, Moment
from api.openapi.build import ResponseModel, example
from api.schemas.pagination import Page, PageParams, page_example
from api.schemas.stores import LONGEST_OVERLAP_HOURS, Name, OwnerOut
from contracts.stores import StoreType
from contracts.tokens import Token

MOST_ADDRESSES = 100


def _network(value: str) -> str:
    """Returns an address or network in one spelling; an IPv4 address in IPv6 notation becomes IPv4."""
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


class TokenStoreOut(ResponseModel):
    """The store of a token."""

    id: int
    name: str


class TokenOut(ResponseModel):
    """A token without its secret."""

    model_config = example(EXAMPLE)

    id: int
    integration_type: StoreType
    name: str
    is_active: bool
    expires_at: datetime | None
    allowed_ips: list[str]
    last_used_at: datetime | None
    usage_count: int
    created_at: datetime
    token_preview: str
    user: OwnerOut
    store: TokenStoreOut

    @classmethod
    def of(cls, token: Token) -> Self:
        return cls.from_fields_of(
            token,
            token_preview=token.preview,
            user=OwnerOut.of(token),
            store=TokenStoreOut(id=token.store_id, name=token.store_name),
        )


class TokenPage(Page[TokenOut]):
    """A page of tokens, the newest first."""

    model_config = example(page_example("integrations/tokens", EXAMPLE))


class IssuedStoreOut(TokenStoreOut):
    """The store of a new token."""

    webhook_secret: str | None = Field(description="of a store that was made with the token; null for others")


class IssuedTokenOut(ResponseModel):
    """The token with its secret, which no other response contains."""

    model_config = example(
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
    )

    id: int
    token_preview: str
    integration_type: StoreType
    name: str
    expires_at: datetime | None
    user: OwnerOut
    created_at: datetime
    token: str
    store: IssuedStoreOut
    message: str

    @classmethod
    def of(cls, token: Token, *, secret: str, webhook_secret: str | None, message: str) -> Self:
        return cls.from_fields_of(
            token,
            token_preview=token.preview,
            user=OwnerOut.of(token),
            token=secret,
            store=IssuedStoreOut(id=token.store_id, name=token.store_name, webhook_secret=webhook_secret),
            message=message,
        )


class NewTokenRequest(RequestBody):
    """A new token; without `store_id` a store is made too, and `user_id` is the admin by default."""

    model_config = example(
        {
            "integration_type": "woocommerce",
            "name": "فروشگاه لپ‌تاپ",
            "allowed_ips": ["203.0.113.0/24"],
        }
    )

    user_id: Id | None = None
    integration_type: StoreType = StoreType.WOOCOMMERCE
    name: Name = "Integration Token"
    store_id: Id | None = None
    allowed_ips: Networks = ()
    expires_at: Moment | None = None


class TokenChange(RequestBody):
    """The fields to change; `expires_at: null` removes the end, `allowed_ips: []` allows all addresses."""

    model_config = example({"is_active": False, "allowed_ips": ["203.0.113.0/24", "2001:db8::/32"]})

    name: Name | None = None
    is_active: bool | None = None
    expires_at: Moment | None = None
    allowed_ips: Networks | None = None


class TokenRotation(RequestBody):
    """How long the previous token works, and when the new one expires."""

    model_config = example({"overlap_hours": 24})

    overlap_hours: float = Field(default=24, ge=0, le=LONGEST_OVERLAP_HOURS)
    expires_at: Moment | None = None


class TokenListParams(PageParams):
    """The query parameters of the list of tokens."""

    user_id: Id | None = None
    store: Id | None = None
    integration_type: StoreType | None = None
    is_active: bool | None = None
