"""How a shop's own webhooks are looked after, and what was found of them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

ENOUGH_HOURS = 20
FACTOR = 5
SHORTEST_SILENCE = timedelta(days=1)
SILENCE_WITHOUT_PATTERN = timedelta(days=7)


class WebhookHealth(StrEnum):
    """How it stands with a shop's webhooks.

    managed     those we need are there; what a person paused stays paused
    reenabled   WooCommerce had disabled some, and they are active again
    silent      they are active, yet a walk found changes of which none of them told
    unmanaged   we may not look after them, and the reason says why
    unknown     nobody has looked yet, or looking failed
    """

    MANAGED = "managed"
    REENABLED = "reenabled"
    SILENT = "silent"
    UNMANAGED = "unmanaged"
    UNKNOWN = "unknown"


class WebhookStatus(StrEnum):
    """WooCommerce's: failures disable, people pause."""

    ACTIVE = "active"
    PAUSED = "paused"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """A webhook of a shop that is sent to us."""

    id: int
    topic: str
    status: WebhookStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookCheck:
    """What is to be looked at; `missed` is how many changes the last walk found that no event had told."""

    store_id: int
    missed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookState:
    """What was found, and done about it; `reason` is for people."""

    state: WebhookHealth
    reason: str
    checked_at: datetime | None = None
    hooks: tuple[Webhook, ...] = ()


def unchecked_state(*, has_credentials: bool) -> WebhookState:
    """The state of webhooks at which nobody has looked yet."""
    if has_credentials:
        return WebhookState(
            state=WebhookHealth.UNKNOWN, reason="Nobody has looked yet; each scheduled resync does."
        )
    return WebhookState(
        state=WebhookHealth.UNMANAGED,
        reason="The store has no credentials, so its webhooks are looked after by whoever made them.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryPattern:
    """How a shop's webhooks came lately: in how many hours, and at which `usual` distance."""

    hours: int
    usual: timedelta | None
    last_at: datetime | None
    now: datetime

    @property
    def silence_threshold(self) -> timedelta:
        """The silence that is still nothing to speak of.

        Five times what 19 of 20 pauses stay within, so that neither a night nor a weekend counts, and a day
        at least, for a shop that sells at all hours has pauses of one hour only. Deliveries of fewer than 20
        hours are no habit: then it is a week.
        """
        if self.usual is None or self.hours < ENOUGH_HOURS:
            return SILENCE_WITHOUT_PATTERN
        return max(SHORTEST_SILENCE, FACTOR * self.usual)

    def silence(self, *, since: datetime, missed: int) -> timedelta | None:
        """How long nothing came, where that is no accident; `since` is when all was put right last.

        A quiet shop is no failure: silence says something only where changes were found that nobody told.
        """
        quiet = self.now - max(since, self.last_at or since)
        return quiet if missed > 0 and quiet > self.silence_threshold else None
