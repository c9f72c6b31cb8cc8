"""Budgets of stores: tokens of embedding a day and a month.

Revision ID: e49a1c3d5fa8
Revises: f5ab3e9c1d72
"""

import sqlalchemy as sa
from alembic import op

revision = "e49a1c3d5fa8"
down_revision = "f5ab3e9c1d72"
branch_labels = None
depends_on = None

COLUMNS = {
    "budget_day_tokens": "tokens of embedding a day in UTC; null is any number",
    "budget_month_tokens": "the same, a month",
}


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for name, comment in COLUMNS.items():
        op.add_column("stores", sa.Column(name, sa.BigInteger(), nullable=True, comment=comment))


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for name in reversed(COLUMNS):
        op.drop_column("stores", name)
