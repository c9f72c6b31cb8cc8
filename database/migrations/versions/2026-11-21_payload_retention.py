"""When an event's payload was trimmed."""

import sqlalchemy as sa
from alembic import op

revision = "7d3f0a5c1e92"
down_revision = "7d0c5f2a9b61"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("events", sa.Column("payload_trimmed_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_column("events", "payload_trimmed_at")
