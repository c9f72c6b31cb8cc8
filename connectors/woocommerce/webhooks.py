"""The webhooks of a WooCommerce shop that send to us, managed through its REST API."""

import re
from collections.abc import Mapping
from typing import Any

from connectors.fields import identifier
from connectors.woocommerce.answer import Answer
from connectors.woocommerce.errors import is_refused, problem
from connectors.woocommerce.rest import MOVED, Rest
from contracts.errors import ShopAnswersNonsense, ShopForbids
from contracts.webhooks import Webhook, WebhookStatus

PER_PAGE = 100
MOST_PAGES = 10
MOST_OF_OURS = 50

TOPICS = ("product.created", "product.updated", "product.deleted", "product.restored")
"""Without `product.published`: shops older than 10.8 refuse it, and another topic always comes with it."""

_ABOUT_PRODUCTS = re.compile(r"product\.[a-z_]{1,40}")

FORBIDDEN = (
    "The shop does not let this key manage webhooks; create one with the permission Read/Write for a shop"
    " manager."
)
FORBIDDEN_BY_OTHERS = (
    "Something in front of WooCommerce refuses requests that manage webhooks; let our requests through"
    " the shop's firewall."
)
ELSEWHERE = "The shop's address redirects to another one; set base_url to the shop's real address."


def _read(answer: Answer, expected: int) -> Any:
    if is_refused(answer):
        by_woocommerce = answer.code().startswith("woocommerce_rest_")
        raise ShopForbids(FORBIDDEN if by_woocommerce else FORBIDDEN_BY_OTHERS)
    if answer.status in MOVED:
        raise ShopForbids(ELSEWHERE)
    if answer.status != expected:
        raise problem(answer)
    return answer.json()


def _topic(item: Mapping[str, Any]) -> str | None:
    """Returns the topic of a webhook about products; None for any other webhook."""
    topic = str(item.get("topic")).lower()
    return topic if _ABOUT_PRODUCTS.fullmatch(topic) else None


def _hook(item: object) -> Webhook:
    try:
        if not isinstance(item, dict) or not (topic := _topic(item)):
            raise ValueError("not a webhook about products")
        return Webhook(
            id=identifier(item.get("id")), topic=topic, status=WebhookStatus(str(item.get("status")).lower())
        )
    except ValueError:
        raise ShopAnswersNonsense("The shop answers with something that is not a webhook.") from None


def _is_ours(item: object, address: str) -> bool:
    if not isinstance(item, dict) or not _topic(item):
        return False
    return str(item.get("delivery_url")).rstrip("/") == address.rstrip("/")


class WooCommerceWebhooks:
    """Implements `contracts.webhooks.WebhookKeeper`."""

    topics = TOPICS

    def __init__(self, rest: Rest) -> None:
        self._rest = rest

    async def list(self, address: str) -> tuple[Webhook, ...]:
        hooks: dict[int, Webhook] = {}
        page, pages = 1, 1
        while page <= pages:
            params = {"orderby": "id", "order": "asc", "per_page": str(PER_PAGE), "page": str(page)}
            answer = await self._rest.get("webhooks", params)
            read = _read(answer, 200)
            if not isinstance(read, list):
                raise ShopAnswersNonsense("The shop answers with something that is not a list of webhooks.")
            for hook in (_hook(item) for item in read if _is_ours(item, address)):
                hooks[hook.id] = hook
            counted = answer.count("X-WP-TotalPages")
            page, pages = page + 1, (page + 1 if read else page) if counted is None else counted
            if pages > MOST_PAGES or len(hooks) > MOST_OF_OURS:
                raise ShopAnswersNonsense("The shop claims more webhooks than any shop has.")
        return tuple(hooks.values())

    async def create(self, topic: str, address: str, secret: str) -> Webhook:
        body = {"name": f"Pilito Sync: {topic}", "topic": topic, "delivery_url": address, "secret": secret}
        return _hook(_read(await self._rest.send("POST", "webhooks", {**body, "status": "active"}), 201))

    async def enable(self, hook_id: int, secret: str) -> Webhook:
        return await self._change(hook_id, {"status": "active", "secret": secret})

    async def sign(self, hook_id: int, secret: str) -> Webhook:
        return await self._change(hook_id, {"secret": secret})

    async def remove(self, hook_id: int) -> None:
        answer = await self._rest.send("DELETE", f"webhooks/{hook_id}", {"force": "true"})
        if answer.status != 404:
            _read(answer, 200)

    async def _change(self, hook_id: int, body: Mapping[str, str]) -> Webhook:
        return _hook(_read(await self._rest.send("PUT", f"webhooks/{hook_id}", body), 200))
