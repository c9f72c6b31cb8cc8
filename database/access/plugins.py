"""What the plugins of shops say of themselves."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.stores import PluginEvent

_NOTE = text("""
    UPDATE stores
    SET plugin = jsonb_build_object('state', CAST(:state AS text), 'version', CAST(:version AS text),
                                    'at', now())
    WHERE id = :id
""")


async def note(connection: AsyncConnection, store_id: int, event: PluginEvent, *, version: str) -> None:
    """Store what happened to the plugin of a store's shop, with the time of now."""
    await connection.execute(_NOTE, {"id": store_id, "state": event.value, "version": version})
