"""The category trees of shops, for the parents of a product's categories.

Revision ID: 3c9e7f1b5a60
Revises: 8f3a1c5e7b02
"""

import sqlalchemy as sa
from alembic import op

revision = "3c9e7f1b5a60"
down_revision = "8f3a1c5e7b02"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "shop_categories",
        sa.Column("store_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False, comment="the category's number in the shop"),
        sa.Column("parent", sa.BigInteger(), nullable=False, comment="0 for none"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["store_id"], ["stores.id"], name=op.f("fk_shop_categories_store_id_stores"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("store_id", "id", name=op.f("pk_shop_categories")),
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_table("shop_categories")
