"""Accounts: when a password was set, and failed logins."""

import sqlalchemy as sa
from alembic import op

revision = "1ca98998ef94"
down_revision = "5ba8b639f217"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "login_failures",
        sa.Column("key", sa.Text(), nullable=False, comment="an account, an address, or both"),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("blocked_until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_login_failures")),
    )
    op.add_column(
        "users",
        sa.Column("password_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_column("users", "password_at")
    op.drop_table("login_failures")
