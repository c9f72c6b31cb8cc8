"""What was found of a shop's webhooks, and what it means; pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from contracts.webhooks import DeliveryPattern, Webhook, WebhookHealth, WebhookState, WebhookStatus

ALL_WELL = "The shop's webhooks are there and active."


@dataclass(slots=True)
class WebhookReport:
    """The webhooks at hand and what was done to them; `refusal` is why no more could be."""

    hooks: dict[int, Webhook] = field(default_factory=dict)
    made: list[str] = field(default_factory=list)
    woken: list[str] = field(default_factory=list)
    refusal: str = ""

    def topics(self, *statuses: WebhookStatus) -> set[str]:
        return {hook.topic for hook in self.hooks.values() if hook.status in statuses}

    def missing(self, topics: Iterable[str]) -> list[str]:
        there = self.topics(*WebhookStatus)
        return [topic for topic in topics if topic not in there]

    def asleep(self, topics: Sequence[str]) -> list[Webhook]:
        """One disabled webhook of each topic of which no other tells, and none was paused by a person."""
        tended = self.topics(WebhookStatus.ACTIVE, WebhookStatus.PAUSED)
        disabled = {
            hook.topic: hook
            for hook in sorted(self.hooks.values(), key=lambda hook: hook.id, reverse=True)
            if hook.status is WebhookStatus.DISABLED
        }
        return [disabled[topic] for topic in topics if topic in disabled and topic not in tended]


def _of(topics: Iterable[str], sentence: str) -> str:
    named = ", ".join(sorted(topics))
    return sentence.format(named) if named else ""


def judged(
    found: WebhookReport, habit: DeliveryPattern, *, since: datetime, missed: int, unreachable: str = ""
) -> WebhookState:
    """The state in a word and in sentences; `unreachable` is why WordPress may not reach us at all."""
    paused = _of(found.topics(WebhookStatus.PAUSED), "Somebody paused {} in the shop, so that stays.")
    woken = _of(found.woken, "WooCommerce had disabled {} after failed deliveries; active again.")
    silence = None if paused else habit.silence(since=since, missed=missed)
    silent = (
        f"For {silence.total_seconds() / 3600:.0f} hours no webhook came, and the last resync found"
        f" {missed} changes no event had told of. See that WP-Cron runs in the shop and that it reaches us."
        if silence
        else ""
    )
    if found.refusal:
        state = WebhookHealth.UNMANAGED
        disabled = _of(
            found.topics(WebhookStatus.DISABLED), "WooCommerce disabled {} after failed deliveries."
        )
        sentences = [found.refusal, disabled, silent]
    else:
        state = WebhookHealth.SILENT if silent else WebhookHealth.MANAGED
        if found.woken:
            state = WebhookHealth.REENABLED
        sentences = [woken, paused, silent, unreachable]
    reason = " ".join(filter(None, sentences)) or ALL_WELL
    return WebhookState(state=state, reason=reason, hooks=tuple(found.hooks.values()))
