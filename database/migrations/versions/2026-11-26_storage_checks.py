"""A table to which a row is added to see whether Postgres stores anything."""

import sqlalchemy as sa
from alembic import op

revision = "5a6f0c1e7d24"
down_revision = "3c1f0e7a5b21"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "storage_checks",
        sa.Column("checked_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("filler", sa.Text(), nullable=False, comment="fills the free part of a page"),
        postgresql_with={"fillfactor": 10},
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_table("storage_checks")
