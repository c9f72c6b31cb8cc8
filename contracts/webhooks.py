"""The state of a shop's own webhooks."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

ENOUGH_HOURS = 20
FACTOR = 5
SHORTEST_SILENCE = timedelta(days=1)
SILENCE_WITHOUT_PATTERN = timedelta(days=7)


class WebhookHealth(StrEnum):
    """The health of a shop's webhooks.

    managed     all we need exist; webhooks that a person paused stay paused
    reenabled   WooCommerce had disabled some, and they are active again
    silent      they are active, but a sync found changes that no webhook delivered
    unmanaged   we cannot manage them; the reason says why
    unknown     they were not checked yet, or the check failed
    """

    MANAGED = "managed"
    REENABLED = "reenabled"
    SILENT = "silent"
    UNMANAGED = "unmanaged"
    UNKNOWN = "unknown"


class WebhookStatus(StrEnum):
    """WooCommerce's status: it disables a webhook after failures; a person pauses one."""

    ACTIVE = "active"
    PAUSED = "paused"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """A webhook of a shop with our address."""

    id: int
    topic: str
    status: WebhookStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookCheck:
    """A store to check; `missed` is the number of changes that the last sync found and no event delivered."""

    store_id: int
    missed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookState:
    """The result of a check; `reason` is for people."""

    state: WebhookHealth
    reason: str
    checked_at: datetime | None = None
    hooks: tuple[Webhook, ...] = ()


def unchecked_state(*, has_credentials: bool) -> WebhookState:
    """Returns the state of webhooks before their first check."""
    if has_credentials:
        return WebhookState(
            state=WebhookHealth.UNKNOWN,
            reason="Not checked yet; each scheduled resync checks them.",
        )
    return WebhookState(
        state=WebhookHealth.UNMANAGED,
        reason="The store has no credentials, so its webhooks must be managed in the shop.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryPattern:
    """How a shop's webhooks arrived lately: in how many hours, and with which `usual` pause between them."""

    hours: int
    usual: timedelta | None
    last_at: datetime | None
    now: datetime

    @property
    def silence_threshold(self) -> timedelta:
        """The longest pause that is still normal for this shop.

        Five times the 95th percentile of its pauses, so that a night or a weekend is normal, and at least a
        day, because a shop that sells at all hours has pauses of one hour only. A week if deliveries came in
        fewer than 20 hours.
        """
        if self.usual is None or self.hours < ENOUGH_HOURS:
            return SILENCE_WITHOUT_PATTERN
        return max(SHORTEST_SILENCE, FACTOR * self.usual)

    def silence(self, *, since: datetime, missed: int) -> timedelta | None:
        """Returns how long no webhook arrived, if that is a failure; `since` is the last repair.

        Silence is a failure only if a sync found changes that no webhook delivered.
        """
        silent = self.now - max(since, self.last_at or since)
        return silent if missed > 0 and silent > self.silence_threshold else None
