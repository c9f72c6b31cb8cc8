"""Which workflow an event's row belongs to: a step acts on a row only if it is the row of its workflow.

Steps know a row by its number, and a database that was restored gives numbers out a second time.
"""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.errors import RowGone

_OWNED = ("workflow_id = :workflow_id", "run_id IS NOT NULL")


def is_owned(prefix: str = "") -> str:
    """Returns SQL: whether an event's row was recorded by the workflow :workflow_id.

    The run is not compared: a reset in the Temporal UI goes on with another run of the same workflow. A row
    without a run waits for being recorded.
    """
    return f"({' AND '.join(f'{prefix}{condition}' for condition in _OWNED)})"


_CHECK = text(f"SELECT id FROM events WHERE id = :id AND {is_owned()}")


_FIND = text(f"SELECT id FROM events WHERE store_id = :store_id AND event_id = :event_id AND {is_owned()}")


async def find(connection: AsyncConnection, store_id: int, event_id: str, *, workflow_id: str) -> int | None:
    """Returns the row of an event that a workflow has recorded; None if it has recorded none."""
    key = {"store_id": store_id, "event_id": event_id, "workflow_id": workflow_id}
    return (await connection.execute(_FIND, key)).scalar_one_or_none()


async def check(connection: AsyncConnection, row_id: int, *, workflow_id: str) -> None:
    """Raise RowGone if an event's row is not the workflow's own; the row 0 stands for no event."""
    if row_id:
        found = await connection.execute(_CHECK, {"id": row_id, "workflow_id": workflow_id})
        if found.scalar_one_or_none() is None:
            raise RowGone
