"""The webhooks of a WooCommerce shop in memory: registered by its REST API, pinged, delivered, disabled."""

import base64
import hashlib
import hmac
import html
import re
import secrets
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx2
import orjson

from fakes.woocommerce_catalogue import Refused, whole

STATUSES = ("active", "paused", "disabled")
AGENT = {"User-Agent": "WooCommerce/11.0.1 Hookshot (WordPress/7.0.4)"}
TOPICS = {f"product.{event}" for event in ("created", "updated", "deleted", "restored")}
MOST_FAILURES = 5

Answer = tuple[int, bytes, Mapping[str, str]]


@dataclass(kw_only=True)
class Registered:
    """A row of the shop's webhooks; `pending` until a ping was answered 200."""

    id: int
    topic: str
    delivery_url: str
    secret: str
    name: str
    status: str = "active"
    failures: int = 0
    pending: bool = True
    pings: int = 0


def _invalid(about: str, message: str) -> Refused:
    return Refused(status=400, code=f"woocommerce_rest_shop_webhook_invalid_{about}", message=message)


class ShopWebhooks:
    """Webhooks by id; `topics` is what the shop's version has, `written` holds every successful POST and PUT.

    `after_write` holds answers to send instead, one for each of the next writes.
    """

    def __init__(self) -> None:
        self.by_id: dict[int, Registered] = {}
        self.topics = TOPICS | {"product.published", "order.created"}
        self.written: list[tuple[str, dict[str, Any]]] = []
        self.after_write: deque[Refused | None] = deque()
        self._lock = threading.RLock()
        self._next = 1

    def add(self, topic: str, delivery_url: str, **fields: Any) -> Registered:
        """Add a webhook as a person would in the admin pages."""
        with self._lock:
            made = Registered(
                id=self._next,
                topic=topic,
                delivery_url=delivery_url,
                name=fields.pop("name", ""),
                secret=fields.pop("secret", "") or secrets.token_urlsafe(50),
                **fields,
            )
            self._next += 1
            self.by_id[made.id] = made
            return made

    def deliver(self, topic: str, body: dict[str, Any]) -> list[int]:
        """Deliver to every active webhook of a topic, once. Returns the statuses of the answers."""
        return [
            self._send(hook, body)
            for hook in list(self.by_id.values())
            if (hook.topic, hook.status) == (topic, "active")
        ]

    def _send(self, hook: Registered, body: dict[str, Any]) -> int:
        raw = orjson.dumps(body)
        digest = hmac.new(html.unescape(hook.secret).encode(), raw, hashlib.sha256).digest()
        headers = {
            **AGENT,
            "Content-Type": "application/json",
            "X-WC-Webhook-Topic": hook.topic,
            "X-WC-Webhook-Resource": hook.topic.partition(".")[0],
            "X-WC-Webhook-Event": hook.topic.partition(".")[2],
            "X-WC-Webhook-Signature": base64.b64encode(digest).decode(),
            "X-WC-Webhook-ID": str(hook.id),
            "X-WC-Webhook-Delivery-ID": secrets.token_hex(16),
        }
        answer = httpx2.post(hook.delivery_url, content=raw, headers=headers, trust_env=False, timeout=60)
        if 200 <= answer.status_code < 303:
            hook.failures = 0
        elif hook.failures > MOST_FAILURES:
            hook.status = "disabled"
        else:
            hook.failures += 1
        return answer.status_code

    def _ping(self, hook: Registered) -> None:
        hook.pings += 1
        try:
            answer = httpx2.post(
                hook.delivery_url,
                data={"webhook_id": str(hook.id)},
                headers=AGENT,
                trust_env=False,
                timeout=5,
            )
        except httpx2.HTTPError:
            return
        hook.pending = answer.status_code != 200

    def answer(self, method: str, route: str, query: Mapping[str, str], body: bytes) -> Answer:
        """Returns status, body and headers of the REST API's answer to an authorized request."""
        id_ = re.search("[0-9]+", route)
        if method == "GET":
            return self._list(query)
        fields = orjson.loads(body)
        if method == "DELETE":
            return self._delete(int(id_[0]) if id_ else 0, fields)
        made = self._change(int(id_[0]), fields) if id_ else self._create(fields)
        with self._lock:
            self.written.append((method, fields))
            lost = self.after_write.popleft() if self.after_write else None
        if lost:
            raise lost
        return (200 if id_ else 201), orjson.dumps(self._shown(made)), {}

    def _list(self, query: Mapping[str, str]) -> Answer:
        per_page, page = whole(query, "per_page", 10, 1, 100), whole(query, "page", 1, 1, 10**9)
        status = query.get("status", "all")
        with self._lock:
            listed = [hook for hook in self.by_id.values() if status in ("all", hook.status)]
        listed.sort(key=lambda hook: hook.id, reverse=query.get("order", "desc") == "desc")
        shown = [self._shown(hook) for hook in listed[(page - 1) * per_page : page * per_page]]
        pages = {"X-WP-Total": str(len(listed)), "X-WP-TotalPages": str(-(-len(listed) // per_page))}
        return 200, orjson.dumps(shown), pages

    def _create(self, fields: dict[str, Any]) -> Registered:
        if str(fields.get("topic")).lower() not in self.topics:
            raise _invalid("topic", "Webhook topic is required and must be valid.")
        if not str(fields.get("delivery_url")).startswith(("http://", "https://")):
            raise _invalid(
                "delivery_url", "Webhook delivery URL must be a valid URL starting with http:// or https://."
            )
        hook = self.add(**{**fields, "status": "active"})
        self._ping(hook)
        return hook

    def _delete(self, id_: int, fields: dict[str, Any]) -> Answer:
        if str(fields.get("force")) not in ("true", "True", "1"):
            raise Refused(
                status=501, code="woocommerce_rest_trash_not_supported", message="Webhooks have no trash."
            )
        with self._lock:
            hook = self.by_id.pop(id_, None)
        if hook is None:
            raise Refused(
                status=404, code="woocommerce_rest_shop_webhook_invalid_id", message="Invalid resource id."
            )
        return 200, orjson.dumps(self._shown(hook)), {}

    def _change(self, id_: int, fields: dict[str, Any]) -> Registered:
        hook = self.by_id.get(id_)
        if hook is None:
            raise _invalid("id", "ID is invalid.")
        if fields.get("status", "active") not in STATUSES:
            raise _invalid("status", "Webhook status must be valid.")
        moved = fields.get("delivery_url", hook.delivery_url) != hook.delivery_url
        for name in ("topic", "delivery_url", "secret", "status", "name"):
            if fields.get(name):
                setattr(hook, name, fields[name])
        if moved or hook.pending:
            self._ping(hook)
        return hook

    @staticmethod
    def _shown(hook: Registered) -> dict[str, Any]:
        """Returns a webhook as the REST API shows it: without its secret and its failures."""
        resource, _, event = hook.topic.partition(".")
        at = datetime.now(UTC).replace(tzinfo=None, microsecond=0).isoformat()
        return {
            "id": hook.id,
            "name": hook.name,
            "status": hook.status,
            "topic": hook.topic,
            "resource": resource,
            "event": event,
            "hooks": [],
            "delivery_url": hook.delivery_url,
            **dict.fromkeys(("date_created", "date_created_gmt", "date_modified", "date_modified_gmt"), at),
        }
