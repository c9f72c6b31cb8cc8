"""Deliveries of shops without our plugin: recorded ones, and signed ones for tests."""

import base64
import hmac
import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from standardwebhooks import Webhook

RECORDINGS = Path(__file__).parent.parent / "fixtures" / "woocommerce"
RECORDED_SECRET = "whsec-test-0123456789abcdef"

INDEX: list[dict[str, Any]] = json.loads((RECORDINGS / "index.json").read_text())


@dataclass(frozen=True)
class Sent:
    """Headers and exact bytes."""

    headers: dict[str, str]
    body: bytes


def recorded(file: str) -> Sent:
    """Returns a recorded delivery without the headers that a client adds."""
    kept = json.loads((RECORDINGS / file).read_text())
    own = {"host", "connection", "content-length", "accept-encoding", "expect"}
    headers = {name: value for name, value in kept["headers"] if name.lower() not in own}
    return Sent(headers, kept["body"].encode())


def hmac_of(secret: str, body: bytes) -> str:
    return base64.b64encode(hmac.digest(secret.encode(), body, "sha256")).decode()


def woocommerce(
    body: dict[str, Any], secret: str, *, topic: str = "product.updated", delivery_id: str = "d1"
) -> Sent:
    """Returns a delivery in WooCommerce's form: pure ASCII."""
    raw = json.dumps(body).replace("/", "\\/").encode()
    headers = {
        "content-type": "application/json",
        "user-agent": "WooCommerce/11.0.1 Hookshot (WordPress/7.0.4)",
        "x-wc-webhook-topic": topic,
        "x-wc-webhook-resource": topic.partition(".")[0],
        "x-wc-webhook-signature": hmac_of(secret, raw),
        "x-wc-webhook-id": "3",
        "x-wc-webhook-delivery-id": delivery_id,
    }
    return Sent(headers, raw)


def shopify(
    body: dict[str, Any],
    secret: str,
    *,
    topic: str = "products/update",
    webhook_id: str = "w1",
    prefix: str = "x-",
) -> Sent:
    raw = json.dumps(body).encode()
    names = {"hmac-sha256": hmac_of(secret, raw), "topic": topic, "webhook-id": webhook_id}
    return Sent({f"{prefix}shopify-{name}": value for name, value in names.items()}, raw)


def custom(body: dict[str, Any], secret: str, *, age: float = 0.0) -> Sent:
    """Returns a delivery by the Standard Webhooks scheme, signed `age` seconds ago."""
    raw = json.dumps(body).encode()
    at = datetime.fromtimestamp(time.time() - age, UTC)
    return Sent(
        {
            "webhook-id": "msg_1",
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": Webhook(secret).sign("msg_1", at, raw.decode()),
        },
        raw,
    )
