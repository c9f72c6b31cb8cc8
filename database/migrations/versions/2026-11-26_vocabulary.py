"""The words of each store's texts, for misspelt words and words of the other script.

It is filled as texts are indexed: the new version of their content lets each product be indexed again with
its next event or resync.

Revision ID: 8c3e5a7b9d42
Revises: 7b2d4f6a8c31
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "8c3e5a7b9d42"
down_revision = "7b2d4f6a8c31"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "vocabulary",
        sa.Column(
            "store_id", sa.BigInteger(), sa.ForeignKey("stores.id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("word", sa.Text(collation="C"), nullable=False),
        sa.Column("sound", sa.Text(), nullable=False, comment="its consonants; empty if there are too few"),
        sa.Column(
            "parts",
            postgresql.ARRAY(sa.BigInteger()),
            nullable=False,
            comment="hashes of it without one or two letters",
        ),
        sa.Column("checked_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("store_id", "word"),
    )
    op.create_index(
        "ix_vocabulary_sound",
        "vocabulary",
        ["store_id", "sound"],
        postgresql_where=sa.text("sound <> ''"),
    )
    op.create_index("ix_vocabulary_parts", "vocabulary", ["parts"], postgresql_using="gin")
    op.create_index("ix_vocabulary_checked", "vocabulary", ["checked_at"])


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_table("vocabulary")
