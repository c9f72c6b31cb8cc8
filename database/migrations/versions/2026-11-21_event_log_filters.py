"""Indexes for every filter of the event log, built while events keep coming."""

from alembic import op

revision = "e1b94f6a2c83"
down_revision = "c58e21b7d046"
branch_labels = None
depends_on = None

INDEXES = {
    "ix_events_status_newest": ["status", "received_at", "id"],
    "ix_events_store_status_newest": ["store_id", "status", "received_at", "id"],
    "ix_events_type_newest": ["event_type", "received_at", "id"],
    "ix_events_external_newest": ["external_id", "received_at", "id"],
}


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    with op.get_context().autocommit_block():
        for name, columns in INDEXES.items():
            op.drop_index(name, "events", postgresql_concurrently=True, if_exists=True)
            op.create_index(name, "events", columns, unique=False, postgresql_concurrently=True)
        op.drop_index("ix_events_failed", "events", postgresql_concurrently=True, if_exists=True)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    with op.get_context().autocommit_block():
        op.execute(
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS ix_events_failed"
            " ON events (received_at, id) WHERE status = 'failed'"
        )
        for name in INDEXES:
            op.drop_index(name, "events", postgresql_concurrently=True, if_exists=True)
