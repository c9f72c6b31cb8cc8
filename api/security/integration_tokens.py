"""Bearer tokens of integrations: looked up on every request, counted in memory, written in batches."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from fastapi import Request

from api.errors import Refused, too_many, unauthenticated
from api.security.client_ip import client_address, may_use, neighbourhood
from api.security.rate_limit import Buckets
from api.security.stale_cache import Remembered
from contracts.tokens import Integration
from database.access import tokens
from database.engine import Database
from database.periodic_flush import PeriodicFlush
from settings import Network

logger = logging.getLogger("pilito.api")

Uses = tuple[int, datetime]
"""How often a token was used, and when last."""


class Tokens:
    """Who holds a token; Postgres decides on every request, and what it said last counts while it is down."""

    def __init__(
        self, database: Database, trusted_proxies: Sequence[Network], *, guesses_per_minute: int
    ) -> None:
        self._database = database
        self._guesses = Buckets(rate=guesses_per_minute / 60, capacity=guesses_per_minute)
        self._trusted = trusted_proxies
        self._known = Remembered(
            database, tokens.find_hashed, unknown="The token cannot be checked right now"
        )
        self._uses = PeriodicFlush[int, Uses](
            self._write, merge=_merged, logger=logger, failure="token uses could not be counted yet"
        )

    async def authenticate(self, request: Request) -> Integration:
        """The integration whose token a request carries; raises 401, or 503 where nobody can tell."""
        scheme, _, secret = request.headers.get("authorization", "").partition(" ")
        secret = secret.strip()
        if scheme.lower() != "bearer" or not secret:
            raise unauthenticated("Invalid token")
        integration = await self._find(secret)
        if integration is None:
            raise self.unknown(request)
        self._check(integration, client_address(request, self._trusted))
        return self._count(integration)

    def unknown(self, request: Request) -> Refused:
        """What is said to a token nobody was given; 429 where an address has tried many.

        Known tokens are looked up before this, so nobody's guesses keep out a shop behind the same proxy.
        """
        wait = self._guesses.take(neighbourhood(client_address(request, self._trusted)))
        if wait > 0:
            return too_many(wait)
        return unauthenticated("Invalid token")

    async def _find(self, secret: str) -> Integration | None:
        return await self._known.ask(tokens.secret_hash(secret))

    def _check(self, integration: Integration, address: str) -> None:
        if not integration.is_active:
            raise unauthenticated("Token is inactive")
        if integration.expires_at is not None and integration.expires_at <= datetime.now(UTC):
            raise unauthenticated("Token has expired")
        if not may_use(address, integration.allowed_ips):
            raise unauthenticated("IP address not allowed")

    def _count(self, integration: Integration) -> Integration:
        uses, now = self._uses.add(integration.token_id, (1, datetime.now(UTC)))
        return replace(integration, usage_count=integration.usage_count + uses, last_used_at=now)

    async def _write(self, uses: Mapping[int, Uses]) -> None:
        async with self._database.transaction() as connection:
            await tokens.count_uses(connection, uses)

    async def keep_counting(self, stopping: asyncio.Event) -> None:
        """Write counts every two seconds until `stopping` is set, and once more then."""
        await self._uses.run(stopping)


def _merged(first: Uses, second: Uses) -> Uses:
    return first[0] + second[0], max(first[1], second[1])
