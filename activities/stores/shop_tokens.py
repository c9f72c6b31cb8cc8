"""Access tokens that shops give for a while: kept with the store's credentials, and renewed once for all."""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from weakref import WeakValueDictionary

from activities.database_failures import STORE_GONE
from activities.errors import application_error, database_errors
from contracts.stores import NewToken, RenewToken, RequestToken
from crypto import SecretBox
from database.access import shop_access
from database.engine import Database

EARLIEST_RENEWAL = timedelta(minutes=5)
"""How long before its end a token is renewed, or a tenth of its life if that is shorter."""

RENEW_AT = "renew_at"
"""The field of the stored credentials with the time from which the token is not used."""


class ShopTokens:
    """Renews the tokens of stores; all processes together request one token at a time for a store."""

    def __init__(self, database: Database, secret_box: SecretBox) -> None:
        self._database = database
        self._secret_box = secret_box
        self._locks: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    async def usable(self, credentials: Mapping[str, Any]) -> dict[str, str]:
        """Returns stored credentials without a token that ends soon."""
        fields = {name: value for name, value in credentials.items() if name != RENEW_AT}
        renew_at = credentials.get(RENEW_AT)
        if renew_at and datetime.fromisoformat(renew_at) <= await self._database.clock.read():
            fields.pop("access_token", None)
        return fields

    def renewal(self, store_id: int) -> RenewToken:
        """Returns how the token of a store is renewed."""

        async def renew(used: str, request: RequestToken) -> str:
            async with self._locks.setdefault(store_id, asyncio.Lock()):
                with database_errors():
                    return await self._renew(store_id, used, request)

        return renew

    async def _renew(self, store_id: int, used: str, request: RequestToken) -> str:
        async with self._database.transaction() as connection:
            encrypted = await shop_access.lock_credentials(connection, store_id)
            if encrypted is None:
                raise application_error(STORE_GONE)
            stored = self._secret_box.decrypt_fields(encrypted)
            current = await self.usable(stored)
            if (token := current.get("access_token", "")) and token != used:
                return token
            new = await request(current)
            fields = {**current, **await self._fields(new)}
            await shop_access.keep_credentials(connection, store_id, self._secret_box.encrypt_fields(fields))
            return new.access_token

    async def _fields(self, new: NewToken) -> dict[str, str]:
        """Returns what is stored of a new token."""
        fields = {"access_token": new.access_token}
        if new.refresh_token:
            fields["refresh_token"] = new.refresh_token
        if new.seconds is not None:
            life = timedelta(seconds=new.seconds)
            renew_at = await self._database.clock.read() + life - min(EARLIEST_RENEWAL, life / 10)
            fields[RENEW_AT] = renew_at.isoformat()
        return fields
