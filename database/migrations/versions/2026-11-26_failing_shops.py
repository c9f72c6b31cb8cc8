"""Failures of shops in a row, so that a shop that fails is asked less often.

Revision ID: 5d0c1f7a92e4
Revises: 7d1c0e5a9b42
Create Date: 2026-11-26 00:00:00.000000+00:00

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "5d0c1f7a92e4"
down_revision: str | None = "7d1c0e5a9b42"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column(
        "shop_budgets",
        sa.Column(
            "failures",
            sa.Integer(),
            server_default="0",
            nullable=False,
            comment="visits that failed in a row",
        ),
    )
    op.add_column("shop_budgets", sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "shop_budgets",
        sa.Column(
            "probe_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="earliest time of the next visit of a failing shop",
        ),
    )
    op.add_column(
        "shop_budgets",
        sa.Column("reason", sa.Text(), server_default="", nullable=False, comment="of the last failure"),
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for name in ("reason", "probe_at", "failing_since", "failures"):
        op.drop_column("shop_budgets", name)
