"""Request limits that all API processes share; unlogged, for a crash may forget them."""

import sqlalchemy as sa
from alembic import op

revision = "5b1e7c94d2a0"
down_revision = "4a90d7e3b215"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "rate_limits",
        sa.Column("token_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "full_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="when its bucket will be full again",
        ),
        sa.ForeignKeyConstraint(
            ["token_id"],
            ["integration_tokens.id"],
            name="fk_rate_limits_token_id_integration_tokens",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("token_id", name="pk_rate_limits"),
        prefixes=["UNLOGGED"],
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_table("rate_limits")
