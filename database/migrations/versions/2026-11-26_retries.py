"""Retries of all failed events that a filter finds, and the events of each.

Revision ID: d38f0b2c4e97
Revises: c27e9a1b3d86
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "d38f0b2c4e97"
down_revision = "c27e9a1b3d86"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "retries",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("user_id", sa.BigInteger(), comment="who asked for it"),
        sa.Column("store_id", sa.BigInteger(), comment="null is all stores"),
        sa.Column("filters", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("found", sa.BigInteger(), nullable=False, comment="failed events when it began"),
        sa.Column("position", sa.Text(), comment="where it goes on; null is the beginning"),
        sa.Column("began_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), comment="when the last event was started"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_retries_user_id_users"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["store_id"], ["stores.id"], name=op.f("fk_retries_store_id_stores"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retries")),
    )
    op.create_index("ix_retries_store_newest", "retries", ["store_id", "id"])
    op.create_index(op.f("ix_retries_user_id"), "retries", ["user_id"])
    op.create_table(
        "retried_events",
        sa.Column("retry_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("event_id", sa.BigInteger(), autoincrement=False, nullable=False, comment="its row"),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["retry_id"], ["retries.id"], name=op.f("fk_retried_events_retry_id_retries"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("retry_id", "event_id", name=op.f("pk_retried_events")),
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_table("retried_events")
    op.drop_table("retries")
