"""Deliveries of custom shops: our event body, signed by the Standard Webhooks scheme."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from hmac import compare_digest
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError
from standardwebhooks.webhooks import EmptyWebhookSecretError

from connectors.base import Change
from connectors.bounds import Cuts
from connectors.custom.parse import parse
from connectors.envelope import open_envelope
from connectors.signatures import STANDARD_HEADERS, has_standard_signature
from connectors.unread import read_body
from contracts.deliveries import ParsedDelivery, SignedDelivery
from contracts.events import EventType

CLOCK_TOLERANCE = timedelta(minutes=5)
"""How far the time of a signature may be from now; the library has the same bound."""

SECRET_PREFIX = "whsec_"  # noqa: S105 - what a secret begins with


def signed_by_standard(delivery: SignedDelivery, secrets: Sequence[str]) -> bool:
    """Returns whether one of the secrets signed a delivery, at a time within five minutes of now.

    What follows `whsec_` is base64. Another secret is the key itself, as the plugin uses it, or base64.
    """
    headers = {name: delivery.headers.get(name, "") for name in STANDARD_HEADERS}
    for secret in _keys(secrets):
        with suppress(WebhookVerificationError, EmptyWebhookSecretError, ValueError):
            Webhook(secret).verify(delivery.body, headers, json_parse=False)
            return True
    return False


def _keys(secrets: Sequence[str]) -> list[str | bytes]:
    plain = (secret.encode() for secret in secrets if not secret.startswith(SECRET_PREFIX))
    return [*secrets, *plain]


def signed_at(delivery: SignedDelivery, secrets: Sequence[str]) -> datetime | None:
    """Returns the time at which one of the secrets signed a delivery, also long ago or in the future.

    Returns None if none of them did.
    """
    id_, timestamp, signatures = (delivery.headers.get(name, "") for name in STANDARD_HEADERS)
    with suppress(ValueError, OverflowError, OSError):
        sent, body = datetime.fromtimestamp(int(timestamp), UTC), delivery.body.decode()
        for key in _keys(secrets):
            with suppress(EmptyWebhookSecretError, ValueError):
                signed = Webhook(key).sign(id_, sent, body)
                if any(compare_digest(signed, one) for one in signatures.split(" ") if one.isascii()):
                    return sent
    return None


class CustomDeliveries:
    """Implements `Connector` for shops that send our own event body."""

    longest_ping = 0

    def is_signed(self, headers: Mapping[str, str]) -> bool:
        return has_standard_signature(headers)

    def is_ping(self, delivery: SignedDelivery) -> bool:
        return False

    def verify(self, delivery: SignedDelivery, secrets: Sequence[str]) -> bool:
        return signed_by_standard(delivery, secrets)

    def unread(self, delivery: SignedDelivery, reason: str) -> None:
        return None

    def parse(self, delivery: SignedDelivery) -> ParsedDelivery:
        return open_envelope(read_body(delivery.body), parse)

    def change(self, event_type: EventType, payload: Mapping[str, Any], cuts: Cuts | None = None) -> Change:
        return parse(event_type, payload, cuts)
