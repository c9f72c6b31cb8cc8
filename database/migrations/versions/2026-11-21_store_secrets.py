"""Secrets of stores: what webhooks are signed with, and what pulling takes."""

import sqlalchemy as sa
from alembic import op

revision = "7d0c5f2a9b61"
down_revision = "0c15fd08946a"
branch_labels = None
depends_on = None

SEALED = "sealed"
BEFORE = "sealed; believed until the time beside it"
CREDENTIALS = "sealed JSON; what pulling from the shop takes"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("stores", sa.Column("webhook_secret", sa.LargeBinary(), comment=SEALED))
    op.add_column("stores", sa.Column("webhook_secret_before", sa.LargeBinary(), comment=BEFORE))
    op.add_column("stores", sa.Column("webhook_secret_before_until", sa.DateTime(timezone=True)))
    op.add_column("stores", sa.Column("credentials", sa.LargeBinary(), comment=CREDENTIALS))
    op.add_column(
        "stores",
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_column("stores", "updated_at")
    op.drop_column("stores", "credentials")
    op.drop_column("stores", "webhook_secret_before_until")
    op.drop_column("stores", "webhook_secret_before")
    op.drop_column("stores", "webhook_secret")
