"""The ledger of embedding, as tests read it."""

from contracts.metrics import Usage
from tests.support.shop import Shop


async def used(shop: Shop) -> dict[str, Usage]:
    """Returns the usage of a store by purpose, of all days and models."""
    found: dict[str, Usage] = {}
    for row in await shop.rows("SELECT * FROM embedding_usage WHERE store_id = :store"):
        usage = Usage(**{name: row[name] for name in Usage.__dataclass_fields__})
        found[row["purpose"]] = found.get(row["purpose"], Usage()) + usage
    return found
