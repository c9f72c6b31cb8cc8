"""Lists of synonyms of stores.

Revision ID: 9d4f6b8c0e53
Revises: 8c3e5a7b9d42
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "9d4f6b8c0e53"
down_revision = "8c3e5a7b9d42"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "synonyms",
        sa.Column("store_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "groups", postgresql.JSONB(), nullable=False, comment="lists of phrases that mean the same"
        ),
        sa.Column("version", sa.UUID(), nullable=False, comment="a new one with each change"),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["store_id"], ["stores.id"], name=op.f("fk_synonyms_store_id_stores"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("store_id", name=op.f("pk_synonyms")),
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_table("synonyms")
