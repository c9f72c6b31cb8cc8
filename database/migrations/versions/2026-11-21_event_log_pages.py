"""Indexes for the pages of the event log."""

import sqlalchemy as sa
from alembic import op

revision = "0c15fd08946a"
down_revision = "1ca98998ef94"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_index("ix_events_newest", "events", ["received_at", "id"], unique=False)
    op.create_index(
        "ix_events_failed",
        "events",
        ["received_at", "id"],
        unique=False,
        postgresql_where=sa.text("status = 'failed'"),
    )
    op.create_index("ix_events_store_newest", "events", ["store_id", "received_at", "id"], unique=False)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_index("ix_events_store_newest", table_name="events")
    op.drop_index("ix_events_failed", table_name="events")
    op.drop_index("ix_events_newest", table_name="events")
