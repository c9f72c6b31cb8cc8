"""Leases, for what only one process at a time works on."""

import sqlalchemy as sa
from alembic import op

revision = "7d1c0e5a9b42"
down_revision = "5d1e0c7a9b42"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "leases",
        sa.Column("key", sa.Text(), nullable=False, comment="what only one process at a time works on"),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_leases")),
        prefixes=["UNLOGGED"],
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_table("leases")
