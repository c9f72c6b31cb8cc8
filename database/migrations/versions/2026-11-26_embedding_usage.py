"""What embedding costs and saves, by store and day.

Revision ID: f5ab3e9c1d72
Revises: d38f0b2c4e97
"""

import sqlalchemy as sa
from alembic import op

revision = "f5ab3e9c1d72"
down_revision = "d38f0b2c4e97"
branch_labels = None
depends_on = None

COUNTS = {
    "calls": "requests that were answered with vectors",
    "texts": None,
    "tokens": None,
    "estimated": "tokens that the server did not name",
    "saved_texts": "their vectors were there",
    "saved_tokens": None,
}


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "embedding_usage",
        sa.Column("store_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), nullable=False, comment="in UTC"),
        sa.Column("model", sa.Text(collation="C"), nullable=False),
        sa.Column(
            "purpose", sa.Text(collation="C"), nullable=False, comment="of the texts: event, sync or question"
        ),
        *(
            sa.Column(name, sa.BigInteger(), nullable=False, comment=comment)
            for name, comment in COUNTS.items()
        ),
        sa.ForeignKeyConstraint(
            ["store_id"], ["stores.id"], name=op.f("fk_embedding_usage_store_id_stores"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("store_id", "day", "model", "purpose", name=op.f("pk_embedding_usage")),
    )
    op.create_index(op.f("ix_embedding_usage_day"), "embedding_usage", ["day"])


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_table("embedding_usage")
