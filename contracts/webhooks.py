"""The webhooks of a shop and the state of their management."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

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
