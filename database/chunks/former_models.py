"""Products with vectors of another model than the one that search uses."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_RELEASE = text("""
    UPDATE products SET claimed_hash = NULL
    WHERE is_active AND claimed_hash = content_hash AND knowledge_hash = content_hash
      AND knowledge_model IS DISTINCT FROM :label
""")


async def release(connection: AsyncConnection, label: str) -> int:
    """Leave products that are indexed with another model to recovery, which indexes them again.

    Returns how many there are. They are found by their words until then.
    """
    return (await connection.execute(_RELEASE, {"label": label})).rowcount
