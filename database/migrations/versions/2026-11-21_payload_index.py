"""An index of the payloads that may be trimmed, built while events keep coming."""

import sqlalchemy as sa
from alembic import op

revision = "c58e21b7d046"
down_revision = "7d3f0a5c1e92"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    with op.get_context().autocommit_block():
        op.drop_index("ix_events_payloads", "events", postgresql_concurrently=True, if_exists=True)
        op.create_index(
            "ix_events_payloads",
            "events",
            ["finished_at"],
            unique=False,
            postgresql_where=sa.text("payload IS NOT NULL AND status <> 'failed'"),
            postgresql_concurrently=True,
        )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    with op.get_context().autocommit_block():
        op.drop_index("ix_events_payloads", "events", postgresql_concurrently=True)
