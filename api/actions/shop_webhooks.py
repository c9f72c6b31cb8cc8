"""Remove the webhooks of a shop that send to us, before its store is removed with the key to it."""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass

from api.dependencies import Opened
from connectors.registry import PLATFORMS
from contracts.errors import ShopProblem, UnknownKey
from contracts.ids import webhook_address
from contracts.stores import ShopAccess, Store
from contracts.webhooks import KeepsWebhooks, Webhook, WebhookKeeper
from database.access import shop_access

WITHIN = 10.0
"""Seconds that the shop has to remove them."""

NO_ADDRESS = "PILITO_PUBLIC_URL is not set, so the address of our webhooks is not known."
NO_KEY = "The store has no key to the shop."
TOO_SLOW = "The shop did not answer in time."

logger = logging.getLogger("pilito.api")


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftWebhooks:
    """The webhooks that are still in a shop and send to us, and a sentence that says why."""

    hooks: Sequence[Webhook] = ()
    reason: str = ""


async def remove_webhooks(state: Opened, store: Store) -> LeftWebhooks:
    """Remove the webhooks that the last check found in a store's shop; returns the webhooks that are left.

    A shop without any is not asked.
    """
    if not store.webhooks.hooks:
        return LeftWebhooks()
    removal = _Removal(left={hook.id: hook for hook in store.webhooks.hooks})
    try:
        async with asyncio.timeout(WITHIN):
            reason = await removal.run(state, store)
    except TimeoutError:
        reason = TOO_SLOW
    except (ShopProblem, UnknownKey) as error:
        reason = str(error)
    if not removal.left:
        return LeftWebhooks()
    logger.warning("webhooks are left in the shop of store %s: %d", store.id, len(removal.left))
    return LeftWebhooks(hooks=tuple(removal.left.values()), reason=reason)


@dataclass
class _Removal:
    """A removal under way, and the webhooks that it has not removed yet."""

    left: dict[int, Webhook]

    async def run(self, state: Opened, store: Store) -> str:
        """Returns why webhooks are left, or an empty text; raises ShopProblem."""
        public, reader = state.settings.public_url, PLATFORMS[store.type].reader
        async with state.database.reading() as connection:
            terms = await shop_access.access(connection, store.id)
        if terms is None or terms.credentials is None or reader is None:
            return NO_KEY
        if not public:
            return NO_ADDRESS
        access = ShopAccess(
            store_id=store.id,
            type=store.type,
            base_url=terms.base_url,
            credentials=state.secret_box.decrypt_fields(terms.credentials),
        )
        async with reader.open(access, state.outbound, nullcontext) as catalogue:
            if isinstance(catalogue, KeepsWebhooks):
                await self._remove(catalogue.webhooks, webhook_address(str(public), store.type, store.id))
        return ""

    async def _remove(self, keeper: WebhookKeeper, address: str) -> None:
        self.left = {hook.id: hook for hook in await keeper.list(address)}
        for hook_id in list(self.left):
            await keeper.remove(hook_id)
            del self.left[hook_id]
