"""Indexes of what was lost sight of: events that have not ended, texts nobody has taken on."""

import sqlalchemy as sa
from alembic import op

revision = "4a90d7e3b215"
down_revision = "e1b94f6a2c83"
branch_labels = None
depends_on = None

INDEXES = {
    "ix_events_unfinished": ("events", "finished_at IS NULL"),
    "ix_products_untaken": ("products", "is_active AND taken_hash IS DISTINCT FROM content_hash"),
}


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    with op.get_context().autocommit_block():
        for name, (table, condition) in INDEXES.items():
            op.drop_index(name, table, postgresql_concurrently=True, if_exists=True)
            op.create_index(
                name,
                table,
                ["id"],
                unique=False,
                postgresql_where=sa.text(condition),
                postgresql_concurrently=True,
            )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    with op.get_context().autocommit_block():
        for name, (table, _) in INDEXES.items():
            op.drop_index(name, table, postgresql_concurrently=True, if_exists=True)
