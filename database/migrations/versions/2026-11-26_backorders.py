"""Mark products and variations that are sold out and can be ordered.

Revision ID: 4e7b2d9a6c13
Revises: 8f3a1c5e7b02
"""

import sqlalchemy as sa
from alembic import op

revision = "4e7b2d9a6c13"
down_revision = "3c9e7f1b5a60"
branch_labels = None
depends_on = None

_TABLES = ("products", "product_variations")


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for table in _TABLES:
        op.add_column(
            table, sa.Column("backorder", sa.Boolean(), server_default=sa.text("false"), nullable=False)
        )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for table in _TABLES:
        op.drop_column(table, "backorder")
