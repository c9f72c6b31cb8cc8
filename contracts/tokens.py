"""Integration tokens and their holders."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenFormat:
    """What the tokens of one platform look like: a prefix, and how many random characters follow it."""

    prefix: str
    length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Integration:
    """An integration token with its store, owner and terms."""

    token_id: int
    token_name: str
    integration_type: str
    is_active: bool
    expires_at: datetime | None
    allowed_ips: tuple[str, ...]
    last_used_at: datetime | None
    usage_count: int
    user_id: int
    user_email: str
    username: str
    store_id: int
    store_name: str
    encrypted_secrets: tuple[bytes, ...] = ()
    require_signature: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A token's terms; of its secret only the `preview` is stored."""

    id: int
    preview: str
    integration_type: str
    name: str
    is_active: bool
    expires_at: datetime | None
    allowed_ips: tuple[str, ...]
    last_used_at: datetime | None
    usage_count: int
    created_at: datetime
    user_id: int
    user_email: str
    store_id: int
    store_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedToken:
    """A token with its secret, which is returned only once."""

    id: int
    secret: str
    preview: str
    integration_type: str
    name: str
    user_id: int
    store_id: int
