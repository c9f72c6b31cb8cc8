"""Budgets of stores: tokens of embedding a day and a month, in UTC.

All that the ledger has counts, questions of searches too. A store that has spent a budget gets no further
texts embedded until the next day or month, or until the budget is raised.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from database.usage.ledger import TODAY

NEAR = 0.8
"""The share of a budget from which people are warned."""

_FIRST_OF_MONTH = "CAST(date_trunc('month', now() AT TIME ZONE 'UTC') AS date)"


def _used(since: str) -> str:
    """Returns the SQL of the tokens that the store `s` has used since a day."""
    return f"""(SELECT CAST(coalesce(sum(u.tokens), 0) AS bigint) FROM embedding_usage u
                WHERE u.store_id = s.id AND u.day >= {since})"""


_OF_DAY, _OF_MONTH = _used(TODAY), _used(_FIRST_OF_MONTH)

HAS_SPENT = f"""coalesce(
    (s.budget_day_tokens IS NOT NULL AND s.budget_day_tokens <= {_OF_DAY})
    OR (s.budget_month_tokens IS NOT NULL AND s.budget_month_tokens <= {_OF_MONTH}), false)"""
"""SQL: whether the store `s` has spent a budget."""

SPENT_STORES = f"SELECT s.id FROM stores s WHERE {HAS_SPENT}"
"""SQL: the ids of the stores that have spent a budget."""

_HAS_SPENT = text(f"SELECT {HAS_SPENT} FROM stores s WHERE s.id = :id")

_READ = """
    SELECT s.id, s.name, s.budget_day_tokens AS day_tokens, s.budget_month_tokens AS month_tokens,
           {of_day} AS day_used, {of_month} AS month_used
    FROM stores s
    WHERE (s.budget_day_tokens IS NOT NULL OR s.budget_month_tokens IS NOT NULL) AND {of_store}
    ORDER BY s.id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What a store may use a day and a month, None for any number, and what it has used, in tokens."""

    id: int
    name: str
    day_tokens: int | None
    month_tokens: int | None
    day_used: int
    month_used: int

    @property
    def share(self) -> float:
        """The used share of the budget of which more is used; 1 and above is spent."""
        pairs = ((self.day_used, self.day_tokens), (self.month_used, self.month_tokens))
        shares = [used / most if most else 1.0 for used, most in pairs if most is not None]
        return max(shares, default=0.0)

    @property
    def is_spent(self) -> bool:
        return self.share >= 1

    @property
    def is_near(self) -> bool:
        """Whether hardly anything of it is left, but something."""
        return NEAR <= self.share < 1


async def has_spent(connection: AsyncConnection, store_id: int) -> bool:
    """Returns whether texts of a store have to wait."""
    return bool((await connection.execute(_HAS_SPENT, {"id": store_id})).scalar_one_or_none())


async def read(connection: AsyncConnection, store_id: int | None) -> Sequence[Budget]:
    """Returns the budget of a store, or of all stores; stores without a budget are left out."""
    of_store = "true" if store_id is None else "s.id = :store_id"
    statement = text(_READ.format(of_day=_OF_DAY, of_month=_OF_MONTH, of_store=of_store))
    rows = await connection.execute(statement, {} if store_id is None else {"store_id": store_id})
    return [Budget(**row) for row in rows.mappings()]
