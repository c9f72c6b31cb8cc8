"""The ledger of embedding, as tests read it."""

from typing import Any

from sqlalchemy import text

from contracts.metrics import Usage
from tests.support.shop import Shop


async def used(shop: Shop) -> dict[str, Usage]:
    """Returns the usage of a store by purpose, of all days and models."""
    found: dict[str, Usage] = {}
    for row in await shop.rows("SELECT * FROM embedding_usage WHERE store_id = :store"):
        usage = Usage(**{name: row[name] for name in Usage.__dataclass_fields__})
        found[row["purpose"]] = found.get(row["purpose"], Usage()) + usage
    return found


async def limit(shop: Shop, *, day: int | None = None, month: int | None = None) -> None:
    """Set the budgets of a store, in tokens."""
    values: dict[str, Any] = {"store": shop.store_id, "day": day, "month": month}
    async with shop.database.transaction() as connection:
        await connection.execute(
            text(
                "UPDATE stores SET budget_day_tokens = :day, budget_month_tokens = :month WHERE id = :store"
            ),
            values,
        )
