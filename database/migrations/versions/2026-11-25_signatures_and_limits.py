"""Stores that require signatures, request limits of users, and an index of old failed logins."""

import sqlalchemy as sa
from alembic import op

revision = "5d1e0c7a9b42"
down_revision = "5a6f0c1e7d24"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column(
        "stores",
        sa.Column(
            "require_signature",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="refuse deliveries with a token and no signature",
        ),
    )
    op.create_table(
        "user_rate_limits",
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "full_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="when the token bucket is full",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_user_rate_limits_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_user_rate_limits")),
        prefixes=["UNLOGGED"],
    )
    op.create_index(op.f("ix_login_failures_last_at"), "login_failures", ["last_at"], unique=False)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_index(op.f("ix_login_failures_last_at"), table_name="login_failures")
    op.drop_table("user_rate_limits")
    op.drop_column("stores", "require_signature")
