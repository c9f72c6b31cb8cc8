"""Bearer tokens of integrations: looked up on every request; their use is counted in memory."""

import logging
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import datetime

from fastapi import Request

from api.errors import ApiError, too_many, unauthenticated
from api.security.client_ip import client_address, client_network, client_site, may_use
from api.security.rate_limit import TokenBuckets
from api.security.stale_cache import StaleIfErrorCache
from contracts.tokens import Integration
from database.access import tokens
from database.engine import Database
from database.periodic_flush import PeriodicFlush
from settings import Network

logger = logging.getLogger("pilito.api")

NETWORKS_OF_A_SITE = 10
"""An IPv6 site has 65,536 networks, and as many guesses as ten of them."""

Uses = tuple[int, datetime]
"""How often a token was used, and when it was used last."""


class IntegrationTokens:
    """Authenticates integrations; Postgres decides, and its last answer counts while it is down."""

    def __init__(
        self, database: Database, trusted_proxies: Sequence[Network], *, guesses_per_minute: int
    ) -> None:
        self._database = database
        self._guesses = TokenBuckets(rate=guesses_per_minute / 60, capacity=guesses_per_minute)
        of_a_site = guesses_per_minute * NETWORKS_OF_A_SITE
        self._guesses_of_sites = TokenBuckets(rate=of_a_site / 60, capacity=of_a_site)
        self._trusted = trusted_proxies
        self._integrations = StaleIfErrorCache(
            database, tokens.find_hashed, error="The token cannot be checked right now"
        )
        self._uses = PeriodicFlush[int, Uses](
            self._write, merge=_merged, logger=logger, failure="token uses could not be counted yet"
        )

    async def authenticate(self, request: Request) -> Integration:
        """Returns the integration that holds the request's token; raises 401, 429 or 503."""
        scheme, _, secret = request.headers.get("authorization", "").partition(" ")
        secret = secret.strip()
        if scheme.lower() != "bearer" or not secret:
            raise unauthenticated("Invalid token")
        integration = await self._integrations.get(tokens.secret_hash(secret))
        if integration is None:
            raise self.unknown(request)
        self._check(integration, client_address(request, self._trusted))
        uses, used_at = self._uses.add(integration.token_id, (1, self._database.clock.estimate()))
        return replace(integration, usage_count=integration.usage_count + uses, last_used_at=used_at)

    def unknown(self, request: Request) -> ApiError:
        """Returns the error for an unknown token: 401, or 429 for an address that has tried many.

        Known tokens are looked up before, so guesses do not lock out a shop behind the same proxy.
        """
        address = client_address(request, self._trusted)
        wait = self._guesses.take(client_network(address))
        if wait <= 0 and (site := client_site(address)):
            wait = self._guesses_of_sites.take(site)
        if wait > 0:
            return too_many(wait)
        return unauthenticated("Invalid token")

    def counting(self) -> AbstractAsyncContextManager[None]:
        """Write the counted uses every two seconds inside the block, and once more at its end."""
        return self._uses.running()

    def _check(self, integration: Integration, address: str) -> None:
        if not integration.is_active:
            raise unauthenticated("Token is inactive")
        if integration.expires_at is not None and integration.expires_at <= self._database.clock.estimate():
            raise unauthenticated("Token has expired")
        if not may_use(address, integration.allowed_ips):
            raise unauthenticated("IP address not allowed")

    async def _write(self, uses: Mapping[int, Uses]) -> None:
        async with self._database.transaction() as connection:
            await tokens.count_uses(connection, uses)


def _merged(first: Uses, second: Uses) -> Uses:
    return first[0] + second[0], max(first[1], second[1])
