"""Manages the webhooks of a shop: creates missing ones and activates disabled ones again."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from urllib.parse import urlsplit

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.database_failures import STORE_GONE
from activities.errors import application_error, database_errors
from activities.heartbeat import heartbeating
from activities.retry_limits import waiting_longer
from activities.stores.shop_reader import OpenShop, ShopReader
from activities.stores.webhook_status import WebhookReport, state_from
from connectors.registry import PLATFORMS
from contracts.errors import ShopForbids
from contracts.ids import webhook_address
from contracts.retry import Failure, Retry
from contracts.webhooks import (
    KeepsWebhooks,
    WebhookCheck,
    WebhookHealth,
    WebhookKeeper,
    WebhookState,
    unchecked_state,
)
from crypto import SecretBox
from database.access import stores, webhooks
from database.access.webhooks import WebhookRecord, fingerprint_of
from database.engine import Database

BUSY = Failure(retry=Retry.RETRY, reason="The store's webhooks are being checked already.", expected=True)

NO_ADDRESS = "PILITO_PUBLIC_URL is not set, so the shop's webhooks have no address to send to."
NOT_HERE = "Webhooks of this type of shop cannot be managed."

PORTS_REACHED = (None, 80, 443, 8080)
ODD_PORT = "WordPress sends to ports 80, 443 and 8080 only, and PILITO_PUBLIC_URL names another."


async def _repair(
    keeper: WebhookKeeper, report: WebhookReport, *, address: str, secret: str, signed: bool
) -> None:
    """Sign, activate and create webhooks; after a crash the next list shows what is done already."""
    disabled = report.disabled(keeper.topics)
    for hook in () if signed else [hook for hook in report.hooks.values() if hook not in disabled]:
        report.hooks[hook.id] = await keeper.sign(hook.id, secret)
    for hook in disabled:
        report.hooks[hook.id] = await keeper.enable(hook.id, secret)
        report.reenabled.append(hook.topic)
    for topic in report.missing(keeper.topics):
        created = await keeper.create(topic, address, secret)
        report.hooks[created.id] = created
        report.created.append(topic)


class WebhookActivities:
    """The check of a store's webhooks; without a `public_url` of ours, none can be registered."""

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
        """Repairs a shop's webhooks, stores their state in the store's row and returns it.

        Runs before a sync reads the shop, so that the sync finds the changes that disabled webhooks missed.
        """
        async with heartbeating(), self._alone(check.store_id) as record:
            try:
                return await self._check(record, check.missed)
            except ApplicationError as error:
                with suppress(ApplicationError, OSError):  # best effort: Temporal keeps the failure anyway
                    await self._write(record, WebhookState(state=WebhookHealth.UNKNOWN, reason=error.message))
                raise waiting_longer(error) from None

    @asynccontextmanager
    async def _alone(self, store_id: int) -> AsyncIterator[WebhookRecord]:
        with database_errors():
            async with webhooks.maintenance_lease(self._database, store_id) as held:
                if not held:
                    raise application_error(BUSY)
                async with self._database.reading() as connection:
                    record = await webhooks.read(connection, store_id)
                if record is None:
                    raise application_error(STORE_GONE)
                yield record

    async def _check(self, record: WebhookRecord, missed: int) -> WebhookState:
        if record.credentials is None:
            return await self._write(record, unchecked_state(has_credentials=False))
        if not self._public:
            return await self._write(record, WebhookState(state=WebhookHealth.UNMANAGED, reason=NO_ADDRESS))
        report, signed_by = WebhookReport(), record.signed_by
        async with self._shops.open(record.store_id) as shop:
            try:
                signed_by = await self._repair(shop, record, report)
            except ShopForbids as error:
                report.refusal = str(error)
        since = record.since
        if since is None or report.created or report.reenabled:
            since = await self._database.clock.read()
        async with self._database.reading() as connection:
            pattern = await webhooks.delivery_pattern(
                connection, record.store_id, event_prefix=PLATFORMS[record.type].webhook_event_prefix
            )
        state = state_from(report, pattern, since=since, missed=missed, unreachable=self._unreachable)
        return await self._write(record, state, since=since, signed_by=signed_by)

    async def _repair(self, shop: OpenShop, record: WebhookRecord, report: WebhookReport) -> str:
        """Returns the fingerprint of the secret that all webhooks sign with now."""
        if not isinstance(shop.catalogue, KeepsWebhooks):
            raise ShopForbids(NOT_HERE)
        keeper = shop.catalogue.webhooks
        address = webhook_address(self._public, record.type, record.store_id)
        report.hooks = {hook.id: hook for hook in await keeper.list(address)}
        sealed = record.secret or await self._new_secret(record.store_id)
        fingerprint = fingerprint_of(sealed)
        secret = self._secret_box.decrypt(sealed)
        await _repair(keeper, report, address=address, secret=secret, signed=fingerprint == record.signed_by)
        return fingerprint

    async def _new_secret(self, store_id: int) -> bytes:
        encrypted = self._secret_box.encrypt(stores.new_webhook_secret())
        with database_errors():
            async with self._database.single() as connection:
                sealed = await webhooks.ensure_secret(connection, store_id, encrypted)
        if sealed is None:
            raise application_error(STORE_GONE)
        return sealed

    async def _write(self, record: WebhookRecord, state: WebhookState, **also: object) -> WebhookState:
        with database_errors():
            checked = replace(state, checked_at=await self._database.clock.read())
            async with self._database.single() as connection:
                await webhooks.write(connection, record, checked, **also)
        return checked
