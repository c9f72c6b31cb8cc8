"""The report of a check of a shop's webhooks, and the state that follows from it; pure functions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from contracts.webhooks import DeliveryPattern, Webhook, WebhookHealth, WebhookState, WebhookStatus
from contracts.wording.counted import agreeing

ALL_WELL = "The shop's webhooks exist and are active."


@dataclass(slots=True)
class WebhookReport:
    """The webhooks of a shop and the changes a check made to them; `refusal` is why it could make no more."""

    hooks: dict[int, Webhook] = field(default_factory=dict)
    created: list[str] = field(default_factory=list)
    reenabled: list[str] = field(default_factory=list)
    refusal: str = ""

    def topics(self, *statuses: WebhookStatus) -> set[str]:
        """Returns the topics of webhooks with one of these statuses."""
        return {hook.topic for hook in self.hooks.values() if hook.status in statuses}

    def missing(self, topics: Iterable[str]) -> list[str]:
        """Returns the topics without a webhook."""
        existing = self.topics(*WebhookStatus)
        return [topic for topic in topics if topic not in existing]

    def disabled(self, topics: Sequence[str]) -> list[Webhook]:
        """Returns one disabled webhook of each topic that has no active and no paused one."""
        in_use = self.topics(WebhookStatus.ACTIVE, WebhookStatus.PAUSED)
        disabled = {
            hook.topic: hook
            for hook in sorted(self.hooks.values(), key=lambda hook: hook.id, reverse=True)
            if hook.status is WebhookStatus.DISABLED
        }
        return [disabled[topic] for topic in topics if topic in disabled and topic not in in_use]


def _about(topics: Iterable[str], sentence: str) -> str:
    names = ", ".join(sorted(topics))
    return sentence.format(names) if names else ""


def _silent(hours: int, missed: int) -> str:
    return agreeing(
        missed,
        f"No webhook arrived for {hours} hours, and the last resync found 1 change without an event."
        " Check that WP-Cron runs and that the shop reaches us.",
        f"No webhook arrived for {hours} hours, and the last resync found {missed} changes without an event."
        " Check that WP-Cron runs and that the shop reaches us.",
    )


def state_from(
    report: WebhookReport, pattern: DeliveryPattern, *, since: datetime, missed: int, unreachable: str = ""
) -> WebhookState:
    """Returns the health of the webhooks with its reason; `unreachable` is why WordPress may not reach us."""
    paused = _about(report.topics(WebhookStatus.PAUSED), "Paused in the shop, and left paused: {}.")
    reenabled = _about(
        report.reenabled, "WooCommerce had disabled {} after failed deliveries; now active again."
    )
    silence = None if paused else pattern.silence(since=since, missed=missed)
    silent = _silent(round(silence.total_seconds() / 3600), missed) if silence else ""
    if report.refusal:
        state = WebhookHealth.UNMANAGED
        disabled = _about(
            report.topics(WebhookStatus.DISABLED), "WooCommerce disabled {} after failed deliveries."
        )
        sentences = [report.refusal, disabled, silent]
    else:
        state = WebhookHealth.SILENT if silent else WebhookHealth.MANAGED
        if report.reenabled:
            state = WebhookHealth.REENABLED
        sentences = [reenabled, paused, silent, unreachable]
    reason = " ".join(filter(None, sentences)) or ALL_WELL
    return WebhookState(state=state, reason=reason, hooks=tuple(report.hooks.values()))
