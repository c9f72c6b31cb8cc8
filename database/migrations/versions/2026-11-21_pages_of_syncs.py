"""How many pages a shop's list had, so that the next walk may begin in several places."""

import sqlalchemy as sa
from alembic import op

revision = "7d25e0a9c4f8"
down_revision = "c4b81f6e02d7"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column(
        "syncs",
        sa.Column(
            "pages", sa.Integer, comment="how many pages the shop's list has, where these have numbers"
        ),
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_column("syncs", "pages")
