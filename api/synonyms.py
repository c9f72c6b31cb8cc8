"""The synonyms of a search: the store's own, and the built-in ones."""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from database.search import synonyms as stored
from knowledge.search.builtin import builtin
from knowledge.search.synonyms import Synonyms

MOST_PHRASES = 20_000
"""The phrases of all tables that a process keeps; a phrase takes about 2 kB."""

Scope = tuple[int, int | None]
"""A user, and one of the user's stores or None for all."""


@dataclass(frozen=True, slots=True)
class _Kept:
    versions: list[UUID]
    table: Synonyms
    phrases: int


class SearchSynonyms:
    """Tables of synonyms, kept in memory while Postgres has the same versions of their lists."""

    def __init__(self, *, most_phrases: int = MOST_PHRASES) -> None:
        self._most_phrases = most_phrases
        self._kept: OrderedDict[Scope, _Kept] = OrderedDict()
        self._phrases = 0

    async def of(self, connection: AsyncConnection, user_id: int, store_id: int | None) -> Synonyms:
        """Returns the table of a user's stores, or of one of them, as it is stored at this moment."""
        scope = (user_id, store_id)
        kept = self._kept.get(scope)
        versions, groups = await stored.for_search(
            connection, user_id, store_id, known=kept.versions if kept else ()
        )
        if groups is None:
            if scope in self._kept:
                self._kept.move_to_end(scope)
            return kept.table if kept else builtin()
        table = await asyncio.to_thread(Synonyms, groups, builtin()) if groups else builtin()
        self._keep(scope, _Kept(versions, table, 1 + sum(map(len, groups))))
        return table

    def _keep(self, scope: Scope, kept: _Kept) -> None:
        self._drop(scope)
        if not kept.versions:
            return
        self._kept[scope] = kept
        self._phrases += kept.phrases
        while self._phrases > self._most_phrases:
            self._drop(next(iter(self._kept)))

    def _drop(self, scope: Scope) -> None:
        if dropped := self._kept.pop(scope, None):
            self._phrases -= dropped.phrases
