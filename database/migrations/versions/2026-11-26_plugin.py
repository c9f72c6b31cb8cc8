"""Events of batches, the order in which waiting events are started, and what the plugin of a shop said.

The index is built without blocking writes, so no transaction surrounds it; the next attempt replaces what an
interrupted migration left behind. The previous version, which looks for the oldest waiting events of all
stores, finds them with either index.

Revision ID: 7f2b9c4e6a13
Revises: e49a1c3d5fa8
"""

from alembic import op

revision = "7f2b9c4e6a13"
down_revision = "e49a1c3d5fa8"
branch_labels = None
depends_on = None

_WAITING = "WHERE status = 'received' AND run_id IS NULL"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("ALTER TABLE events ADD COLUMN IF NOT EXISTS is_bulk boolean NOT NULL DEFAULT false")
    op.execute("COMMENT ON COLUMN events.is_bulk IS 'of a batch: runs behind single changes'")
    op.execute("ALTER TABLE stores ADD COLUMN IF NOT EXISTS plugin jsonb")
    op.execute("COMMENT ON COLUMN stores.plugin IS 'what our plugin said last: state, version and time'")
    with op.get_context().autocommit_block():
        _replace("ix_events_inbox", by="ix_events_turns", columns="is_bulk, store_id, received_at")


def _replace(old: str, *, by: str, columns: str) -> None:
    op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {by}")
    op.execute(f"CREATE INDEX CONCURRENTLY {by} ON events ({columns}) {_WAITING}")
    op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {old}")


def downgrade() -> None:
    with op.get_context().autocommit_block():
        _replace("ix_events_turns", by="ix_events_inbox", columns="received_at")
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_column("events", "is_bulk")
    op.drop_column("stores", "plugin")
