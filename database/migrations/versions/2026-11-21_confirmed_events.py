"""Events say whether they are to be seen in the shop, and when their payload was read there."""

import sqlalchemy as sa
from alembic import op

revision = "9d41c7e0a5f3"
down_revision = "c2a5e80f7b91"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column(
        "events",
        sa.Column(
            "confirm",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="to be seen in the shop",
        ),
    )
    op.add_column(
        "events",
        sa.Column(
            "pulled_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when the payload was read from the shop itself",
        ),
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_column("events", "pulled_at")
    op.drop_column("events", "confirm")
