"""The webhooks of a shop and the state of their management."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol, runtime_checkable

ENOUGH_HOURS = 20
FACTOR = 5
SHORTEST_SILENCE = timedelta(days=1)
SILENCE_WITHOUT_PATTERN = timedelta(days=7)


class WebhookHealth(StrEnum):
    """The state of a shop's webhooks.

    managed     all needed webhooks exist; a paused one stays paused
    reenabled   WooCommerce had disabled some, and they are active again
    silent      they are active, but a sync found changes for which no webhook arrived
    unmanaged   we may not manage them, and the reason says why
    unknown     they were not checked yet, or the check failed
    """

    MANAGED = "managed"
    REENABLED = "reenabled"
    SILENT = "silent"
    UNMANAGED = "unmanaged"
    UNKNOWN = "unknown"


class WebhookStatus(StrEnum):
    """WooCommerce's status: failures disable a webhook, people pause it."""

    ACTIVE = "active"
    PAUSED = "paused"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """A webhook of a shop that sends to us."""

    id: int
    topic: str
    status: WebhookStatus


class WebhookKeeper(Protocol):
    """Manages a shop's webhooks that send to us; all methods raise ShopForbids without permission.

    `topics` are the topics we need. Everything except `create` is idempotent; call `list` first.
    """

    @property
    def topics(self) -> Sequence[str]: ...

    async def list(self, address: str) -> Sequence[Webhook]:
        """Returns the webhooks about products that send to this address."""
        ...

    async def create(self, topic: str, address: str, secret: str) -> Webhook:
        """Creates an active webhook that signs with the secret."""
        ...

    async def enable(self, hook_id: int, secret: str) -> Webhook:
        """Activates a webhook again and sets its secret."""
        ...

    async def sign(self, hook_id: int, secret: str) -> Webhook:
        """Sets the secret of a webhook and changes nothing else."""
        ...

    async def remove(self, hook_id: int) -> None:
        """Removes a webhook; one that is gone already is no problem."""
        ...


@runtime_checkable
class KeepsWebhooks(Protocol):
    """A catalogue of a platform on which webhooks can be managed."""

    @property
    def webhooks(self) -> WebhookKeeper: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookCheck:
    """A store to check; `missed` is how many changes without an event the last sync found."""

    store_id: int
    missed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookState:
    """The result of a check; `reason` is a sentence for people."""

    state: WebhookHealth
    reason: str
    checked_at: datetime | None = None
    hooks: tuple[Webhook, ...] = ()


def unchecked_state(*, has_credentials: bool) -> WebhookState:
    """Returns the state of webhooks that were not checked yet."""
    if has_credentials:
        return WebhookState(
            state=WebhookHealth.UNKNOWN, reason="Not checked yet; each scheduled resync checks them."
        )
    return WebhookState(
        state=WebhookHealth.UNMANAGED,
        reason="The store has no credentials, so its webhooks are managed in the shop.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryPattern:
    """Recent deliveries of a shop's webhooks: in how many hours, and the `usual` pause between such hours."""

    hours: int
    usual: timedelta | None
    last_at: datetime | None
    now: datetime

    @property
    def silence_threshold(self) -> timedelta:
        """The longest silence that is normal for the shop.

        Five times the 95th percentile of pauses, so that nights and weekends are normal, and a day at least,
        because a busy shop has pauses of an hour. With deliveries in fewer than 20 hours it is a week.
        """
        if self.usual is None or self.hours < ENOUGH_HOURS:
            return SILENCE_WITHOUT_PATTERN
        return max(SHORTEST_SILENCE, FACTOR * self.usual)

    def silence(self, *, since: datetime, missed: int) -> timedelta | None:
        """Returns how long no webhook arrived since the last repair at `since`; None if that is normal.

        A shop without changes is normal: silence counts only if a sync found changes without an event.
        """
        quiet = self.now - max(since, self.last_at or since)
        return quiet if missed > 0 and quiet > self.silence_threshold else None
