"""Looking after the webhooks a shop sends by itself: made where missing, active again where disabled."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import urlsplit

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.errors import application_error, database_errors
from activities.failures import STORE_GONE
from activities.stores.shop_reader import OpenShop, ShopReader
from activities.stores.webhook_status import WebhookReport, judged
from connectors.base import KeepsWebhooks, WebhookKeeper
from contracts.errors import ShopForbids
from contracts.ids import webhook_address
from contracts.retry import Failure, Retry
from contracts.webhooks import WebhookCheck, WebhookHealth, WebhookState, unchecked_state
from crypto import SecretBox
from database.access import stores, webhooks
from database.access.webhooks import WebhookRecord, fingerprint_of
from database.engine import Database

BUSY = Failure(retry=Retry.RETRY, reason="The store's webhooks are being looked after already.")

NO_ADDRESS = "PILITO_PUBLIC_URL is not set, so there is no address to have the shop's webhooks sent to."
NOT_HERE = "Shops of this type do not let us look after their webhooks."

PORTS_REACHED = (None, 80, 443, 8080)
ODD_PORT = "WordPress sends to ports 80, 443 and 8080 only, and PILITO_PUBLIC_URL names another."


async def _put_right(
    keeper: WebhookKeeper, found: WebhookReport, *, to: str, secret: str, signed: bool
) -> None:
    """What is done already is seen by whoever lists again after a crash, so nothing is made twice."""
    asleep = found.asleep(keeper.topics)
    for hook in () if signed else [hook for hook in found.hooks.values() if hook not in asleep]:
        found.hooks[hook.id] = await keeper.sign(hook.id, secret)
    for hook in asleep:
        found.hooks[hook.id] = await keeper.enable(hook.id, secret)
        found.woken.append(hook.topic)
    for topic in found.missing(keeper.topics):
        made = await keeper.create(topic, to, secret)
        found.hooks[made.id] = made
        found.made.append(topic)


class WebhookActivities:
    """`public_url` is our address as shops reach it; without one, no webhook can be registered."""

    def __init__(
        self, database: Database, shops: ShopReader, secret_box: SecretBox, *, public_url: str | None
    ) -> None:
        self._database = database
        self._shops = shops
        self._secret_box = secret_box
        self._public = public_url or ""
        self._unreachable = "" if urlsplit(self._public).port in PORTS_REACHED else ODD_PORT

    @activity.defn
    async def maintain_webhooks(self, check: WebhookCheck) -> WebhookState:
        """Put a shop's webhooks right, and keep how it stands with them in the store's row.

        To be run before a walk through the shop: what was lost while they slept is what the walk then finds.
        """
        async with self._alone(check.store_id) as keeping:
            try:
                return await self._keep(keeping, check.missed)
            except ApplicationError as error:
                with suppress(ApplicationError, OSError):  # a courtesy: Temporal keeps the failure anyway
                    await self._write(
                        keeping, WebhookState(state=WebhookHealth.UNKNOWN, reason=error.message)
                    )
                raise

    @asynccontextmanager
    async def _alone(self, store_id: int) -> AsyncIterator[WebhookRecord]:
        with database_errors():
            async with webhooks.maintenance_lock(self._database, store_id) as taken:
                if not taken:
                    raise application_error(BUSY)
                async with self._database.reading() as connection:
                    keeping = await webhooks.read(connection, store_id)
                if keeping is None:
                    raise application_error(STORE_GONE)
                yield keeping

    async def _keep(self, keeping: WebhookRecord, missed: int) -> WebhookState:
        if keeping.credentials is None:
            return await self._write(keeping, unchecked_state(has_credentials=False))
        if not self._public:
            return await self._write(keeping, WebhookState(state=WebhookHealth.UNMANAGED, reason=NO_ADDRESS))
        found, signed_by = WebhookReport(), keeping.signed_by
        async with self._shops.open(keeping.store_id) as shop:
            try:
                signed_by = await self._tend(shop, keeping, found)
            except ShopForbids as error:
                found.refusal = str(error)
        since = keeping.since
        if since is None or found.made or found.woken:
            since = datetime.now(UTC)
        async with self._database.reading() as connection:
            habit = await webhooks.delivery_pattern(connection, keeping.store_id)
        state = judged(found, habit, since=since, missed=missed, unreachable=self._unreachable)
        return await self._write(keeping, state, since=since, signed_by=signed_by)

    async def _tend(self, shop: OpenShop, keeping: WebhookRecord, found: WebhookReport) -> str:
        """The print of the secret that all of them are signed with now."""
        if not isinstance(shop.catalogue, KeepsWebhooks):
            raise ShopForbids(NOT_HERE)
        keeper = shop.catalogue.webhooks
        address = webhook_address(self._public, keeping.type, keeping.store_id)
        found.hooks = {hook.id: hook for hook in await keeper.list(address)}
        sealed = keeping.secret or await self._new_secret(keeping.store_id)
        print_ = fingerprint_of(sealed)
        secret = self._secret_box.decrypt(sealed)
        await _put_right(keeper, found, to=address, secret=secret, signed=print_ == keeping.signed_by)
        return print_

    async def _new_secret(self, store_id: int) -> bytes:
        made = self._secret_box.encrypt(stores.new_webhook_secret())
        with database_errors():
            async with self._database.single() as connection:
                sealed = await webhooks.ensure_secret(connection, store_id, made)
        if sealed is None:
            raise application_error(STORE_GONE)
        return sealed

    async def _write(self, keeping: WebhookRecord, state: WebhookState, **also: object) -> WebhookState:
        checked = replace(state, checked_at=datetime.now(UTC))
        with database_errors():
            async with self._database.single() as connection:
                await webhooks.write(connection, keeping, checked, **also)
        return checked
