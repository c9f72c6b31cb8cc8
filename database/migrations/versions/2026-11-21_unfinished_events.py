"""An index of the events that have not ended, for whoever counts them."""

import sqlalchemy as sa
from alembic import op

revision = "c92a7be5f013"
down_revision = "b83f06d1c4e7"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    with op.get_context().autocommit_block():
        op.create_index(
            "ix_events_unfinished",
            "events",
            ["status", "received_at"],
            unique=False,
            postgresql_where=sa.text("status IN ('received', 'waiting', 'processing', 'retrying')"),
            postgresql_concurrently=True,
            if_not_exists=True,
        )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_index("ix_events_unfinished", table_name="events")
