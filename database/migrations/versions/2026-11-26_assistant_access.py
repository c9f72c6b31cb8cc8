"""Which assistants may read the catalogue of a store.

Revision ID: a05c7e9f1b64
Revises: 9d4f6b8c0e53
"""

import sqlalchemy as sa
from alembic import op

revision = "a05c7e9f1b64"
down_revision = "9d4f6b8c0e53"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column(
        "stores",
        sa.Column(
            "assistant_access",
            sa.Text(),
            server_default="token",
            nullable=False,
            comment="who may read the catalogue by the assistants' doors: token, public or off",
        ),
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_column("stores", "assistant_access")
