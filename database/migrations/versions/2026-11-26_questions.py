"""Questions that people ask the search, without who asked them.

Revision ID: c27e9a1b3d86
Revises: b16d8f0a2c75
"""

import sqlalchemy as sa
from alembic import op

revision = "c27e9a1b3d86"
down_revision = "b16d8f0a2c75"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column(
        "stores",
        sa.Column(
            "keeps_questions",
            sa.Boolean(),
            server_default=sa.text("true"),
            nullable=False,
            comment="whether the questions of searches are counted",
        ),
    )
    op.create_table(
        "questions",
        sa.Column("store_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("text", sa.Text(collation="C"), nullable=False, comment="in one spelling, cut"),
        sa.Column("day", sa.Date(), nullable=False, comment="in UTC"),
        sa.Column("asked", sa.BigInteger(), nullable=False),
        sa.Column("unanswered", sa.BigInteger(), nullable=False, comment="of low confidence, or no result"),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_total", sa.BigInteger(), nullable=False, comment="results of the last one"),
        sa.ForeignKeyConstraint(
            ["store_id"], ["stores.id"], name=op.f("fk_questions_store_id_stores"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("store_id", "text", "day", name=op.f("pk_questions")),
    )
    op.create_index(op.f("ix_questions_day"), "questions", ["day"])


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_table("questions")
    op.drop_column("stores", "keeps_questions")
