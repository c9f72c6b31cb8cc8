"""Products remember which event took their text on."""

import sqlalchemy as sa
from alembic import op

revision = "c4b81f6e02d7"
down_revision = "5e7a90c3d214"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column(
        "products",
        sa.Column("taken_by", sa.BigInteger(), nullable=True, comment="the event that took it on last"),
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_column("products", "taken_by")
